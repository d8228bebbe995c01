import { isObject, type JsonObject } from "../../protocol/json.ts";

/** The fields of a chat request that need no translation: Anthropic's own pass as they are, OpenAI's that have no form there are named to `drop`. */
export function otherFields(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(chat)) {
    if (value === null || value === undefined || TRANSLATED.has(name)) continue;
    const asksNothing = UNKNOWN_THERE.get(name);
    if (!asksNothing) others[name] = value;
    else if (!asksNothing(value)) drop(name);
  }
  return others;
}

/** Fields with a translation of their own, or no bearing on what is sent. */
const TRANSLATED: ReadonlySet<string> = new Set([
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
  "thinking",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "metadata",
  "user",
  "safety_identifier",
  "service_tier",
  "response_format",
  "output_config",
  "betas",
]);

/** OpenAI's fields without a form at Anthropic, and the values of theirs that ask for nothing. */
const UNKNOWN_THERE: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
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

function never(): boolean {
  return false;
}
