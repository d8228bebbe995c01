import { createHash } from "node:crypto";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { contentFor } from "./content.ts";
import { mapped, withOnly } from "./fields.ts";

export interface MessageOptions {
  readonly drop: (path: string) => void;
  /** The model thinks, so it takes earlier thoughts back. */
  readonly reasons: boolean;
}

/** The messages as Mistral takes them; nothing when they already are. */
export function messagesFor(messages: unknown, options: MessageOptions): JsonObject {
  if (!Array.isArray(messages)) return {};
  const last = messages.length - 1;
  const changed = mapped(messages, (message: unknown, at) => {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    const one = messageFor(message, { ...options, path });
    return at === last ? asPrefix(one) : one;
  });
  return changed === messages ? {} : { messages: changed };
}

interface Place extends MessageOptions {
  readonly path: string;
}

function messageFor(message: JsonObject, place: Place): JsonObject {
  switch (message.role) {
    case "user":
    case "system":
      return plain(message, place);
    case "developer":
      return plain({ ...message, role: "system" }, place);
    case "assistant":
      return assistant(message, place);
    case "tool":
      return toolResult(message, place);
    case "function":
      throw unsupported(`${place.path}.role`, "messages of the role function");
    default:
      throw invalid(`${place.path}.role`, "must be system, developer, user, assistant or tool");
  }
}

const PLAIN = new Set(["role", "content"]);
const ASSISTANT = new Set(["role", "content", "tool_calls", "prefix"]);
const RESULT = new Set(["role", "content", "tool_call_id", "name"]);
const CALL = new Set(["id", "type", "function", "index"]);
const FUNCTION = new Set(["name", "arguments"]);

const lostFrom =
  ({ drop }: Place) =>
  (name: string) =>
    drop(`messages.${name}`);

function plain(message: JsonObject, place: Place): JsonObject {
  return withContent(withOnly(message, PLAIN, lostFrom(place)), place);
}

function withContent(message: JsonObject, { path, drop }: Place): JsonObject {
  const content = contentFor(message.content, { path: `${path}.content`, drop });
  return content === message.content ? message : { ...message, content };
}

/** Thoughts stand in the content, before what was said. A refusal is what the assistant said. */
function assistant(message: JsonObject, place: Place): JsonObject {
  const { reasoning_content: thoughts, refusal, thinking_blocks, ...rest } = message;
  const back = place.reasons && typeof thoughts === "string" && thoughts !== "";
  if (thoughts && !back) place.drop("messages.reasoning_content");
  if (!back && Array.isArray(thinking_blocks) && thinking_blocks.length > 0) place.drop("messages.thinking_blocks");
  const same = thoughts === undefined && refusal === undefined && thinking_blocks === undefined;
  const kept = withContent(withOnly(same ? message : rest, ASSISTANT, lostFrom(place)), place);
  const spoken = kept.content || !refusal ? kept : { ...kept, content: refusal };
  const thoughtful = back ? { ...spoken, content: [thinking(thoughts), ...partsOf(spoken.content)] } : spoken;
  return withCalls(thoughtful, place);
}

function thinking(text: string): JsonObject {
  return { type: "thinking", thinking: [{ type: "text", text }] };
}

function partsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}

function withCalls(message: JsonObject, { path, drop }: Place): JsonObject {
  if (!Array.isArray(message.tool_calls)) return message;
  const calls = mapped(message.tool_calls, (call: unknown, at) => {
    const where = `${path}.tool_calls[${at}]`;
    if (!isObject(call) || !isObject(call.function)) throw invalid(where, "must be a call of a function");
    const kept = withOnly(call, CALL, (name) => drop(`messages.tool_calls.${name}`));
    const named = withOnly(call.function, FUNCTION, (name) => drop(`messages.tool_calls.function.${name}`));
    const id = toolId(call.id, `${where}.id`);
    return id === kept.id && named === kept.function ? kept : { ...kept, id, function: named };
  });
  return calls === message.tool_calls ? message : { ...message, tool_calls: calls };
}

function toolResult(message: JsonObject, place: Place): JsonObject {
  const kept = withContent(withOnly(message, RESULT, lostFrom(place)), place);
  const id = toolId(kept.tool_call_id, `${place.path}.tool_call_id`);
  return id === kept.tool_call_id ? kept : { ...kept, tool_call_id: id };
}

/** Mistral's ids are nine letters and digits, and it refuses others: those are replaced by a digest, the same for call and result. */
function toolId(id: unknown, path: string): string {
  if (typeof id !== "string" || id === "") throw invalid(path, "must be a string");
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id;
  const digest = createHash("sha256").update(id).digest();
  return Array.from(digest.subarray(0, 9), (byte) => LETTERS[byte % LETTERS.length]).join("");
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An assistant's message at the end is one to be gone on with, which Mistral wants to be told. */
function asPrefix(message: JsonObject): JsonObject {
  const goesOn = message.role === "assistant" && !message.tool_calls && message.prefix === undefined;
  return goesOn ? { ...message, prefix: true } : message;
}
