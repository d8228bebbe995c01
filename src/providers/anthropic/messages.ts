import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { dropOthers, invalid, unsupported } from "../chat/refuse.ts";
import { type Block, blocksOf, isBlank } from "./content.ts";

export interface Conversation {
  readonly system?: string | readonly Block[];
  readonly messages: readonly Turn[];
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: readonly Block[];
}

/**
 * OpenAI's messages as turns of user and assistant. System and developer messages, wherever they stand, go to the front;
 * tool results become the first blocks of the user's next turn; messages of one side in a row become one turn.
 */
export function conversationOf(messages: readonly unknown[], drop: (path: string) => void): Conversation {
  const system: (string | Block[])[] = [];
  const turns: { role: Turn["role"]; content: Block[] }[] = [];
  for (const [at, message] of messages.entries()) {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    const { role } = message;
    dropOthers(message, { known: KNOWN, path: "messages", drop });
    if (role === "system" || role === "developer") {
      system.push(systemText(message, path, drop));
      continue;
    }
    const side = role === "assistant" ? "assistant" : "user";
    const blocks = marked(blocksIn(message, path, drop), message.cache_control);
    const last = turns.at(-1);
    if (last?.role === side) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role: side, content: blocks });
  }
  const instructions = system.flat();
  // Anthropic wants something said by the user.
  if (turns.length === 0) return { messages: [{ role: "user", content: instructions.map(asBlock) }] };
  return { ...systemOf(instructions), messages: turns.map((turn, at) => tidy(turn, at === turns.length - 1)) };
}

/**
 * Fields of a message that are read here, or named where they cannot be honoured. A tool's `name` is the call's, and
 * annotations were the provider's word: neither asks for anything.
 */
const KNOWN: ReadonlySet<string> = new Set([
  ...["role", "content", "name", "refusal", "audio", "tool_calls", "function_call", "tool_call_id", "is_error"],
  ...["reasoning_content", "thinking_blocks", "cache_control", "annotations", "citations"],
]);

function blocksIn(message: JsonObject, path: string, drop: (path: string) => void): Block[] {
  switch (message.role) {
    case "user":
      if (message.name) drop("messages.name");
      return blocksOf(message.content, { path: `${path}.content`, drop });
    case "assistant":
      return assistantBlocks(message, path, drop);
    case "tool":
      return [toolResult(message, path, drop)];
    case "function":
      throw unsupported(`${path}.role`, "messages of the role function");
    default:
      throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool");
  }
}

function assistantBlocks(message: JsonObject, path: string, drop: (path: string) => void): Block[] {
  const thoughts = thinkingBlocks(message.thinking_blocks, drop);
  if (message.name) drop("messages.name");
  if (message.audio) drop("messages.audio");
  if (message.function_call) drop("messages.function_call");
  // Without its signature a thought cannot be given back.
  if (message.reasoning_content && thoughts.length === 0) drop("messages.reasoning_content");
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  return [
    ...thoughts,
    ...blocksOf(message.content, { path: `${path}.content`, drop }),
    ...blocksOf(message.refusal, { path: `${path}.refusal`, drop }),
    ...calls.map((call: unknown, at) => toolUse(call, `${path}.tool_calls[${at}]`)),
  ];
}

/** As they came in our answer. Those of other providers have no signature that Anthropic would accept. */
function thinkingBlocks(value: unknown, drop: (path: string) => void): Block[] {
  const blocks: unknown[] = Array.isArray(value) ? value : [];
  return blocks.flatMap((block): Block[] => {
    const { type, thinking, signature, data } = isObject(block) ? block : {};
    if (type === "thinking" && typeof thinking === "string" && signature) return [{ type, thinking, signature }];
    if (type === "redacted_thinking" && data) return [{ type, data }];
    drop("messages.thinking_blocks");
    return [];
  });
}

function toolUse(call: unknown, path: string): Block {
  if (isObject(call) && call.type === "custom") throw unsupported(path, "calls of custom tools");
  const { name, arguments: text } = isObject(call) && isObject(call.function) ? call.function : {};
  if (typeof name !== "string") throw invalid(`${path}.function.name`, "must be a string");
  return { type: "tool_use", id: toolId((call as JsonObject).id, `${path}.id`), name, input: inputOf(text) };
}

/** Anthropic takes objects only. What a model wrote amiss, or was cut off in, stays readable to it as text. */
function inputOf(text: unknown): JsonObject {
  if (isObject(text)) return text;
  if (typeof text !== "string" || isBlank(text)) return {};
  const input = /^\s*\{/.test(text) ? parseExactly(text) : undefined;
  return isObject(input) ? input : { invalid_json: text };
}

function toolResult(message: JsonObject, path: string, drop: (path: string) => void): Block {
  const { content, tool_call_id, is_error } = message;
  const blocks = typeof content === "string" ? content : blocksOf(content, { path: `${path}.content`, drop });
  return {
    type: "tool_result",
    tool_use_id: toolId(tool_call_id, `${path}.tool_call_id`),
    ...(blocks.length > 0 ? { content: blocks } : {}),
    ...(is_error === true ? { is_error } : {}),
  };
}

/** Other providers' ids may hold characters that Anthropic's may not; call and result are rewritten alike. */
function toolId(id: unknown, path: string): string {
  if (typeof id !== "string" || id === "") throw invalid(path, "must be a string");
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}

/** Anthropic's mark on a message stands on its last block. */
function marked(blocks: Block[], cache_control: unknown): Block[] {
  const last = blocks.at(-1);
  return last && cache_control ? [...blocks.slice(0, -1), { ...last, cache_control }] : blocks;
}

function systemText(message: JsonObject, path: string, drop: (path: string) => void): string | Block[] {
  if (message.name) drop("messages.name");
  const { content, cache_control } = message;
  if (typeof content === "string" && !cache_control) return isBlank(content) ? [] : content;
  return marked(blocksOf(content, { path: `${path}.content`, drop }), cache_control);
}

function systemOf(parts: readonly (string | Block)[]): { system?: string | Block[] } {
  if (parts.length === 0) return {};
  const [only] = parts;
  return { system: parts.length === 1 && typeof only === "string" ? only : parts.map(asBlock) };
}

function asBlock(part: string | Block): Block {
  return typeof part === "string" ? { type: "text", text: part } : part;
}

/** Tool results stand first in a turn; the last word of an assistant that is to be continued may not end in a space. */
function tidy({ role, content }: Turn, isLast: boolean): Turn {
  if (role === "user") {
    const isResult = ({ type }: Block) => type === "tool_result";
    if (!content.some(isResult)) return { role, content };
    return { role, content: [...content.filter(isResult), ...content.filter((block) => !isResult(block))] };
  }
  const last = content.at(-1);
  if (!isLast || last?.type !== "text") return { role, content };
  return { role, content: [...content.slice(0, -1), { ...last, text: String(last.text).trimEnd() }] };
}
