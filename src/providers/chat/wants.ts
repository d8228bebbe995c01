/** What a chat request asks of the answer's form, for wires that translate. */
import type { OpenAIRequest } from "../../core/endpoint.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";

export function asksForUsage({ body }: OpenAIRequest): boolean {
  const { stream_options } = body.value;
  return isObject(stream_options) && stream_options.include_usage === true;
}

/**
 * The fields of a chat request that have no form at a provider, and the values of theirs that ask for nothing: those are
 * left out in silence, every other is named to `drop`.
 */
export type AsksNothing = ReadonlyMap<string, (value: unknown) => boolean>;

export function dropUnknown(chat: JsonObject, fields: AsksNothing, drop: (path: string) => void): void {
  for (const [name, asksNothing] of fields) {
    const value = chat[name];
    if (value !== undefined && value !== null && !asksNothing(value)) drop(name);
  }
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
