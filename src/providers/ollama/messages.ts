import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { nameLost } from "../chat/lost.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { contentOf } from "./content.ts";

/** OpenAI's messages as Ollama's: the same roles in the same order, images beside the text. */
export function messagesOf(messages: readonly unknown[], drop: (path: string) => void): JsonObject[] {
  const names = new Map<unknown, unknown>();
  return messages.map((message, at) => {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    return messageOf(message, { path, drop, names });
  });
}

interface Place {
  readonly path: string;
  readonly drop: (path: string) => void;
  /** Of the functions called so far, by the id of the call: Ollama's results name the function. */
  readonly names: Map<unknown, unknown>;
}

function messageOf(message: JsonObject, place: Place): JsonObject {
  const { path, drop, names } = place;
  const said = () => contentOf(message.content, { path: `${path}.content`, drop });
  nameLost(message, KNOWN, (name) => drop(`messages.${name}`));
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", ...said() };
    case "user":
      return { role: "user", ...said() };
    case "assistant":
      return assistant(message, { ...said() }, place);
    case "tool": {
      const { tool_call_id } = message;
      if (typeof tool_call_id !== "string") throw invalid(`${path}.tool_call_id`, "must be a string");
      const tool_name = names.get(tool_call_id);
      return { role: "tool", ...said(), ...(tool_name ? { tool_name } : {}), tool_call_id };
    }
    case "function":
      throw unsupported(`${path}.role`, "messages of the role function");
    default:
      throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool");
  }
}

/** What has a place at Ollama's, or a word of its own if it has none. */
const KNOWN: ReadonlySet<string> = new Set([
  "role",
  "content",
  "tool_call_id",
  "tool_calls",
  "refusal",
  "reasoning_content",
  "thinking_blocks",
]);
const CALL: ReadonlySet<string> = new Set(["id", "type", "function", "index"]);

function assistant(message: JsonObject, said: JsonObject, { path, drop, names }: Place): JsonObject {
  const { reasoning_content: thoughts, thinking_blocks, refusal, tool_calls } = message;
  const thought = typeof thoughts === "string" && thoughts !== "";
  if (!thought && Array.isArray(thinking_blocks) && thinking_blocks.length > 0) drop("messages.thinking_blocks");
  const calls = Array.isArray(tool_calls) ? tool_calls : [];
  return {
    role: "assistant",
    ...said,
    ...(said.content === "" && typeof refusal === "string" ? { content: refusal } : {}),
    ...(thought ? { thinking: thoughts } : {}),
    ...(calls.length > 0
      ? {
          tool_calls: calls.map((call: unknown, at) =>
            callOf(call, { path: `${path}.tool_calls[${at}]`, drop, names }),
          ),
        }
      : {}),
  };
}

function callOf(call: unknown, { path, drop, names }: Place): JsonObject {
  if (!isObject(call) || !isObject(call.function)) throw invalid(path, "must be a call of a function");
  nameLost(call, CALL, (name) => drop(`messages.tool_calls.${name}`));
  const { name, arguments: text } = call.function;
  if (typeof name !== "string") throw invalid(`${path}.function.name`, "must be a string");
  names.set(call.id, name);
  return { ...(call.id ? { id: call.id } : {}), function: { name, arguments: argumentsOf(text) } };
}

/** Ollama takes objects only. What a model wrote amiss, or was cut off in, stays readable to it as text. */
function argumentsOf(text: unknown): JsonObject {
  if (isObject(text)) return text;
  if (typeof text !== "string" || text.trim() === "") return {};
  const parsed = /^\s*\{/.test(text) ? parseExactly(text) : undefined;
  return isObject(parsed) ? parsed : { invalid_json: text };
}
