import { isObject, type JsonObject } from "../../protocol/json.ts";
import { nameLost } from "../chat/lost.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { contentOf, type Place } from "./content.ts";

export interface MessageOptions {
  readonly drop: (path: string) => void;
  /** The model thinks, so it takes earlier thoughts back. */
  readonly thinks: boolean;
}

export interface Conversation {
  readonly messages: readonly JsonObject[];
  /** Files that stood in the messages: Cohere takes them beside the conversation, and cites them. */
  readonly documents: readonly JsonObject[];
}

/** OpenAI's messages as Cohere's: the same roles in the same order. */
export function conversationOf(messages: readonly unknown[], { drop, thinks }: MessageOptions): Conversation {
  const documents: JsonObject[] = [];
  const translated = messages.map((message, at) => {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    return messageOf(message, { path, drop, thinks, documents });
  });
  return { messages: translated, documents };
}

interface MessagePlace extends Place {
  readonly thinks: boolean;
}

function messageOf(message: JsonObject, place: MessagePlace): JsonObject {
  const { role } = message;
  nameLost(message, KNOWN, (name) => place.drop(`messages.${name}`));
  const content = () => contentOf(message.content, { ...place, path: `${place.path}.content` });
  switch (role) {
    case "system":
    case "developer":
      return { role: "system", content: content() };
    case "user":
      return { role, content: content() };
    case "assistant":
      return assistant(message, content(), place);
    case "tool":
      return { role, tool_call_id: idOf(message.tool_call_id, `${place.path}.tool_call_id`), content: content() };
    case "function":
      throw unsupported(`${place.path}.role`, "messages of the role function");
    default:
      throw invalid(`${place.path}.role`, "must be system, developer, user, assistant or tool");
  }
}

/** What has a place at Cohere's, or a word of its own if it has none. */
const KNOWN: ReadonlySet<string> = new Set([
  "role",
  "content",
  "tool_call_id",
  "tool_calls",
  "tool_plan",
  "refusal",
  "reasoning_content",
  "thinking_blocks",
]);
const CALL: ReadonlySet<string> = new Set(["id", "type", "function", "index"]);

/** What Cohere had planned and cited in an earlier answer goes back as it came, thoughts stand before what was said. */
function assistant(message: JsonObject, content: unknown, { path, drop, thinks }: MessagePlace): JsonObject {
  const { tool_plan, citations, reasoning_content: thoughts, thinking_blocks, refusal, tool_calls } = message;
  const back = thinks && typeof thoughts === "string" && thoughts !== "";
  if (thoughts && !back) drop("messages.reasoning_content");
  if (!back && Array.isArray(thinking_blocks) && thinking_blocks.length > 0) drop("messages.thinking_blocks");
  const spoken = content || !refusal ? content : refusal;
  const parts = back ? [{ type: "thinking", thinking: thoughts }, ...partsOf(spoken)] : spoken;
  return {
    role: "assistant",
    ...(parts === undefined ? {} : { content: parts }),
    ...(typeof tool_plan === "string" && tool_plan !== "" ? { tool_plan } : {}),
    ...(Array.isArray(tool_calls) && tool_calls.length > 0
      ? { tool_calls: tool_calls.map((call: unknown, at) => callOf(call, `${path}.tool_calls[${at}]`, drop)) }
      : {}),
    ...(areCoheres(citations) ? { citations } : {}),
  };
}

function partsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}

/** Other providers' answers have citations under this name too, in forms of their own. */
function areCoheres(citations: unknown): boolean {
  const list: unknown[] = Array.isArray(citations) ? citations : [];
  return list.length > 0 && list.every((one) => isObject(one) && Array.isArray(one.sources));
}

function callOf(call: unknown, path: string, drop: (path: string) => void): JsonObject {
  if (!isObject(call) || !isObject(call.function)) throw invalid(path, "must be a call of a function");
  nameLost(call, CALL, (name) => drop(`messages.tool_calls.${name}`));
  const { name, arguments: text } = call.function;
  if (typeof name !== "string") throw invalid(`${path}.function.name`, "must be a string");
  const given = typeof text === "string" ? text : JSON.stringify(text ?? {});
  return { id: idOf(call.id, `${path}.id`), type: "function", function: { name, arguments: given } };
}

function idOf(id: unknown, path: string): string {
  if (typeof id !== "string" || id === "") throw invalid(path, "must be a string");
  return id;
}
