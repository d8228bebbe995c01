import { isObject, type JsonObject } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import { nativeFields } from "./fields.ts";
import { conversationOf } from "./messages.ts";
import { thinkingOf, thinks } from "./thinking.ts";
import { toolsOf } from "./tools.ts";
import type { TranslateOptions } from "./translate.ts";

/** An OpenAI chat request as a request to Cohere's chat. */
export function chatRequest(chat: JsonObject, { model, drop }: TranslateOptions): JsonObject {
  const { messages, documents } = conversationOf(Array.isArray(chat.messages) ? chat.messages : [], {
    drop,
    thinks: thinks(model),
  });
  return {
    ...nativeFields(chat, { native: NATIVE, translated: TRANSLATED, drop }),
    model,
    stream: chat.stream === true,
    messages,
    ...documentsOf(chat.documents, documents),
    ...toolsOf(chat, drop),
    ...limitsOf(chat),
    ...samplersOf(chat, drop),
    ...thinkingOf(chat, { model, drop }),
    ...formatOf(chat.response_format, drop),
    ...logprobsOf(chat, drop),
  };
}

const NATIVE: ReadonlySet<string> = new Set([
  "citation_options",
  "safety_mode",
  "priority",
  "raw_prompting",
  "p",
  "k",
  "stop_sequences",
]);

const TRANSLATED: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "documents",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "tools",
  "tool_choice",
  "strict_tools",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "stop",
  "reasoning_effort",
  "thinking",
  "response_format",
  "logprobs",
  "top_logprobs",
]);

/** The client's own in Cohere's words, and the files that stood between its messages. */
function documentsOf(given: unknown, files: readonly JsonObject[]): JsonObject {
  const documents = [...(Array.isArray(given) ? given : []), ...files];
  return documents.length > 0 ? { documents } : {};
}

function limitsOf(chat: JsonObject): JsonObject {
  const limit = numberIn(chat, "max_completion_tokens") ?? numberIn(chat, "max_tokens");
  const stop = [chat.stop ?? []].flat();
  return {
    ...(limit === undefined ? {} : { max_tokens: limit }),
    ...(stop.length > 0 ? { stop_sequences: stop } : {}),
  };
}

function samplersOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const chosen = {
    temperature: numberIn(chat, "temperature"),
    seed: numberIn(chat, "seed"),
    p: topPOf(numberIn(chat, "top_p"), drop),
    k: numberIn(chat, "top_k"),
    frequency_penalty: penaltyOf(chat, "frequency_penalty", drop),
    presence_penalty: penaltyOf(chat, "presence_penalty", drop),
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

const MIN_P = 0.01;
const MAX_P = 0.99;

/** 1, which means all, is the nearest number Cohere takes; anything else out of its range is named. */
function topPOf(wanted: number | undefined, drop: (path: string) => void): number | undefined {
  if (wanted === undefined) return undefined;
  if (wanted < MIN_P || wanted > 1) drop("top_p");
  return Math.min(Math.max(wanted, MIN_P), MAX_P);
}

/** OpenAI's go from -2 to 2, Cohere's from 0 to 1. */
function penaltyOf(chat: JsonObject, name: string, drop: (path: string) => void): number | undefined {
  const wanted = numberIn(chat, name);
  if (wanted === undefined || (wanted >= 0 && wanted <= 1)) return wanted;
  drop(name);
  return wanted < 0 ? undefined : 1;
}

/** Cohere has one format with or without a schema. */
function formatOf(wanted: unknown, drop: (path: string) => void): JsonObject {
  if (!isObject(wanted) || wanted.type === "text") return {};
  if (wanted.type !== "json_schema") return { response_format: wanted };
  const { schema, description } = isObject(wanted.json_schema) ? wanted.json_schema : {};
  if (!isObject(schema)) {
    drop("response_format.json_schema");
    return { response_format: { type: "json_object" } };
  }
  const described = description && schema.description === undefined ? { description, ...schema } : schema;
  return { response_format: { type: "json_object", json_schema: described } };
}

function logprobsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  if (typeof chat.top_logprobs === "number" && chat.top_logprobs > 0) drop("top_logprobs");
  return chat.logprobs === true ? { logprobs: true } : {};
}
