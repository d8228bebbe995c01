/** What a chat request asks of the answer's form, for wires that translate. */
import type { OpenAIRequest } from "../../core/endpoint.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";

export function asksForUsage({ body }: OpenAIRequest): boolean {
  const { stream_options } = body.value;
  return isObject(stream_options) && stream_options.include_usage === true;
}

/** Fields of a request, and the values of theirs that ask for nothing. */
type AsksNothing = ReadonlyMap<string, (value: unknown) => boolean>;

/** Fields that every wire translates, or that have no bearing on what is sent. */
export const TRANSLATED_EVERYWHERE: readonly string[] = [
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning_effort",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "response_format",
];

/**
 * The fields of a chat request that a wire does not translate, for providers that take names of their own: those pass as they are,
 * and OpenAI's, which have no form there, are named to `drop` unless they ask for nothing.
 */
export function otherFields(
  chat: JsonObject,
  translated: ReadonlySet<string>,
  drop: (path: string) => void,
): JsonObject {
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(chat)) {
    if (value === null || value === undefined || translated.has(name)) continue;
    const asksNothing = OPENAI_ONLY.get(name);
    if (!asksNothing) others[name] = value;
    else if (!asksNothing(value)) drop(name);
  }
  return others;
}

export const never = (): boolean => false;

/** OpenAI's fields of a chat that few other wires know. A wire takes out of this map those that it translates. */
export const OPENAI_ONLY: AsksNothing = new Map<string, (value: unknown) => boolean>([
  ["n", (value) => value === 1],
  ["logprobs", (value) => value === false],
  ["top_logprobs", (value) => value === 0],
  ["logit_bias", (value) => isObject(value) && Object.keys(value).length === 0],
  ["seed", never],
  ["presence_penalty", (value) => value === 0],
  ["frequency_penalty", (value) => value === 0],
  ["audio", never],
  ["modalities", (value) => JSON.stringify(value) === '["text"]'],
  ["prediction", never],
  ["web_search_options", never],
  ["store", (value) => value === false],
  ["verbosity", (value) => value === "medium"],
  ["prompt_cache_key", never],
  ["prompt_cache_retention", never],
  ["prompt_cache_options", never],
  ["moderation", never],
  ["functions", never],
  ["function_call", (value) => value === "none"],
]);
