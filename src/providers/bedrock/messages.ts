import { createHash } from "node:crypto";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { dropOthers, invalid, unsupported } from "../chat/refuse.ts";
import { type Block, blocksOf, cachePointFor, type Letter } from "./content.ts";

export interface Conversation {
  readonly system?: readonly Block[];
  readonly messages: readonly { readonly role: Side; readonly content: readonly Block[] }[];
}

type Side = "user" | "assistant";

interface Turn {
  readonly role: Side;
  readonly content: Block[];
  /** How many of the first blocks are tool results with their marks. */
  results: number;
}

/**
 * OpenAI's messages as turns of user and assistant. System and developer messages, wherever they stand, go to the front;
 * tool results become the first blocks of the user's next turn; messages of one side in a row become one turn.
 */
export function conversationOf(messages: readonly unknown[], letter: Letter): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [at, message] of messages.entries()) {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    dropOthers(message, { known: KNOWN, path: "messages", drop: letter.drop });
    const blocks = [...blocksIn(message, path, letter), ...cachePointFor(message.cache_control, letter, "messages")];
    if (message.role === "system" || message.role === "developer") system.push(...blocks);
    else if (blocks.length > 0) add(blocks, message.role, turns);
  }
  // Converse wants something said by the user.
  if (turns.length === 0) return { messages: [{ role: "user", content: system }] };
  const told = turns.map(({ role, content }) => ({ role, content }));
  return { ...(system.length > 0 ? { system } : {}), messages: withoutLastSpace(told) };
}

/**
 * Fields of a message that are read here, or named where they cannot be honoured. A tool's `name` is the call's, and
 * annotations were the provider's word: neither asks for anything.
 */
const KNOWN: ReadonlySet<string> = new Set([
  ...["role", "content", "name", "refusal", "audio", "tool_calls", "function_call", "tool_call_id", "is_error"],
  ...["reasoning_content", "thinking_blocks", "cache_control", "annotations", "citations"],
]);

function add(blocks: readonly Block[], role: unknown, turns: Turn[]): void {
  const side: Side = role === "assistant" ? "assistant" : "user";
  let turn = turns.at(-1);
  if (turn?.role !== side) {
    turn = { role: side, content: [], results: 0 };
    turns.push(turn);
  }
  if (role !== "tool") return void turn.content.push(...blocks);
  turn.content.splice(turn.results, 0, ...blocks);
  turn.results += blocks.length;
}

function blocksIn(message: JsonObject, path: string, letter: Letter): Block[] {
  const { drop } = letter;
  if (message.name && message.role !== "tool") drop("messages.name");
  switch (message.role) {
    case "system":
    case "developer":
    case "user":
      return blocksOf(message.content, { ...letter, path: `${path}.content` });
    case "assistant":
      return assistantBlocks(message, path, letter);
    case "tool":
      return toolResult(message, path, letter);
    case "function":
      throw unsupported(`${path}.role`, "messages of the role function");
    default:
      throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool");
  }
}

function assistantBlocks(message: JsonObject, path: string, letter: Letter): Block[] {
  const { drop } = letter;
  const thoughts = thoughtsIn(message.thinking_blocks, drop);
  if (message.audio) drop("messages.audio");
  if (message.function_call) drop("messages.function_call");
  // Without its signature a thought cannot be given back.
  if (message.reasoning_content && thoughts.length === 0) drop("messages.reasoning_content");
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  return [
    ...thoughts,
    ...blocksOf(message.content, { ...letter, path: `${path}.content` }),
    ...blocksOf(message.refusal, { ...letter, path: `${path}.refusal` }),
    ...calls.map((call: unknown, at) => toolUse(call, `${path}.tool_calls[${at}]`)),
  ];
}

/** As they came in our answer. Those of other providers have no signature that Bedrock would accept. */
function thoughtsIn(value: unknown, drop: (path: string) => void): Block[] {
  const blocks: unknown[] = Array.isArray(value) ? value : [];
  return blocks.flatMap((block): Block[] => {
    const { type, thinking, signature, data } = isObject(block) ? block : {};
    if (type === "thinking" && typeof thinking === "string" && signature) {
      return [{ reasoningContent: { reasoningText: { text: thinking, signature } } }];
    }
    if (type === "redacted_thinking" && data) return [{ reasoningContent: { redactedContent: data } }];
    drop("messages.thinking_blocks");
    return [];
  });
}

function toolUse(call: unknown, path: string): Block {
  if (isObject(call) && call.type === "custom") throw unsupported(path, "calls of custom tools");
  const { name, arguments: text } = isObject(call) && isObject(call.function) ? call.function : {};
  if (typeof name !== "string") throw invalid(`${path}.function.name`, "must be a string");
  return { toolUse: { toolUseId: toolId((call as JsonObject).id, `${path}.id`), name, input: inputOf(text) } };
}

/** Converse takes objects only. What a model wrote amiss, or was cut off in, stays readable to it as text. */
function inputOf(text: unknown): JsonObject {
  if (isObject(text)) return text;
  if (typeof text !== "string" || text.trim() === "") return {};
  const input = /^\s*\{/.test(text) ? parseExactly(text) : undefined;
  return isObject(input) ? input : { invalid_json: text };
}

/** A cache point stands behind a result, never in it. */
function toolResult({ content, tool_call_id, is_error }: JsonObject, path: string, letter: Letter): Block[] {
  const blocks = blocksOf(content, { ...letter, path: `${path}.content` });
  const isPoint = (block: Block) => block.cachePoint !== undefined;
  const result = {
    toolUseId: toolId(tool_call_id, `${path}.tool_call_id`),
    content: blocks.filter((block) => !isPoint(block)),
    ...(is_error === true ? { status: "error" } : {}),
  };
  return [{ toolResult: result }, ...blocks.filter(isPoint)];
}

/** Other providers' ids may be longer, or hold characters that Converse's may not; call and result are rewritten alike. */
function toolId(id: unknown, path: string): string {
  if (typeof id !== "string" || id === "") throw invalid(path, "must be a string");
  if (id.length > MAX_ID) return createHash("sha256").update(id).digest("base64url");
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}

const MAX_ID = 64;

/** The last word of an assistant that is to be continued may not end in a space. */
function withoutLastSpace(messages: Conversation["messages"]): Conversation["messages"] {
  const turn = messages.at(-1)!;
  const last = turn.content.at(-1);
  if (turn.role !== "assistant" || typeof last?.text !== "string") return messages;
  const content = [...turn.content.slice(0, -1), { text: last.text.trimEnd() }];
  return [...messages.slice(0, -1), { role: turn.role, content }];
}
