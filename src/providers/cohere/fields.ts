import type { JsonObject } from "../../protocol/json.ts";
import { type AsksNothing, never, OPENAI_ONLY } from "../chat/wants.ts";

/** The fields of a chat request that need no translation: Cohere's own pass as they are, OpenAI's that have no form there are named to `drop`. */
export function otherFields(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(chat)) {
    if (value === null || value === undefined || TRANSLATED.has(name)) continue;
    const asksNothing = WITHOUT_FORM.get(name);
    if (!asksNothing) others[name] = value;
    else if (!asksNothing(value)) drop(name);
  }
  return others;
}

/** Fields with a translation of their own, or no bearing on what is sent. */
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

const WITHOUT_FORM: AsksNothing = new Map([
  ...OPENAI_ONLY,
  ["user", never],
  ["safety_identifier", never],
  ["metadata", never],
  ["parallel_tool_calls", (value: unknown) => value === true],
  ["service_tier", (value: unknown) => value === "auto" || value === "default"],
]);
