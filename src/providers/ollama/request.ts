import { isObject, type JsonObject } from "../../protocol/json.ts";
import { never, OPENAI_ONLY } from "../chat/wants.ts";
import { messagesOf } from "./messages.ts";
import { OPTIONS, optionsOf } from "./options.ts";
import { thinkOf } from "./think.ts";
import { toolsOf } from "./tools.ts";

export interface RequestOptions {
  readonly model: string;
  readonly contextTokens: number | undefined;
  readonly drop: (path: string) => void;
}

/** An OpenAI chat request as a request to Ollama's chat. */
export function chatRequest(chat: JsonObject, { model, contextTokens, drop }: RequestOptions): JsonObject {
  nameOthers(chat, drop);
  const own = Object.entries(chat).filter(([name, value]) => NATIVE.has(name) && value !== null);
  return {
    ...Object.fromEntries(own),
    model,
    // Ollama streams unless told not to.
    stream: chat.stream === true,
    messages: messagesOf(Array.isArray(chat.messages) ? chat.messages : [], drop),
    ...toolsOf(chat, drop),
    ...thinkOf(chat, { model, drop }),
    ...formatOf(chat, drop),
    ...optionsOf(chat, contextTokens),
  };
}

/** Ollama's own fields, which OpenAI's clients may send. */
const NATIVE: ReadonlySet<string> = new Set(["keep_alive", "truncate", "shift", "logprobs", "top_logprobs"]);

/** Fields with a translation of their own, or no bearing on what is sent. */
const TRANSLATED: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_completion_tokens",
  "max_tokens",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning_effort",
  "think",
  "response_format",
  "format",
  "options",
]);

/** Ollama passes over what it does not know in silence, so nothing that it might not know is sent. */
function nameOthers(chat: JsonObject, drop: (path: string) => void): void {
  for (const [name, value] of Object.entries(chat)) {
    const isKnown = NATIVE.has(name) || TRANSLATED.has(name) || OPTIONS.has(name);
    if (!isKnown && value !== null && value !== undefined && !asksNothing(name, value)) drop(name);
  }
}

function asksNothing(name: string, value: unknown): boolean {
  if (name === "service_tier") return value === "auto" || value === "default";
  return (OPENAI_ONLY.get(name) ?? never)(value);
}

/** A schema is Ollama's format; what the client says in Ollama's own words wins. */
function formatOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { format, response_format: wanted } = chat;
  if (format) return { format };
  if (!isObject(wanted) || wanted.type === "text") return {};
  if (wanted.type === "json_object") return { format: "json" };
  const { schema } = isObject(wanted.json_schema) ? wanted.json_schema : {};
  if (!isObject(schema)) drop("response_format");
  return isObject(schema) ? { format: schema } : {};
}
