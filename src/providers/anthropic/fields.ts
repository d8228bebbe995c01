import type { JsonObject } from "../../protocol/json.ts";
import { OPENAI_ONLY } from "../chat/wants.ts";

/** The fields of a chat request that need no translation: Anthropic's own pass as they are, OpenAI's that have no form there are named to `drop`. */
export function otherFields(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(chat)) {
    if (value === null || value === undefined || TRANSLATED.has(name)) continue;
    const asksNothing = OPENAI_ONLY.get(name);
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
