import type { JsonObject } from "../../protocol/json.ts";
import type { Usage } from "../../protocol/openai.ts";

/** Anthropic counts cached tokens beside the input, OpenAI within it. */
export function writeMessagesUsage(usage: Usage | undefined): JsonObject {
  const { promptTokens, completionTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage ?? NOTHING;
  return {
    input_tokens: Math.max(0, promptTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
    ...(reasoningTokens > 0 ? { output_tokens_details: { thinking_tokens: reasoningTokens } } : {}),
  };
}

const NOTHING: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

export interface End {
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly stop_details: unknown;
}

/** What is known about an answer when it is over. */
export interface Ending {
  /** The chat's choice, or the last chunk of it: finish reason, and what servers tell beside it. */
  readonly choice: JsonObject;
  readonly hasToolCalls: boolean;
  readonly refusal: string;
  /** What the client asked to stop at. */
  readonly sequences: unknown;
}

export function endOf({ choice, hasToolCalls, refusal, sequences }: Ending): End {
  const { finish_reason: finish, stop_reason: stoppedAt, stop_details: details = null } = choice;
  const plain = { stop_sequence: null, stop_details: details };
  if (refusal !== "") {
    return {
      ...plain,
      stop_reason: "refusal",
      stop_details: details ?? { type: "refusal", category: null, explanation: refusal },
    };
  }
  if (finish === "stop" && Array.isArray(sequences) && sequences.includes(stoppedAt)) {
    // vLLM and SGLang tell which.
    return { ...plain, stop_reason: "stop_sequence", stop_sequence: String(stoppedAt) };
  }
  if (finish === "stop" && hasToolCalls) return { ...plain, stop_reason: "tool_use" };
  return { ...plain, stop_reason: REASONS.get(finish) ?? (hasToolCalls ? "tool_use" : "end_turn") };
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ["stop", "end_turn"],
  ["length", "max_tokens"],
  ["tool_calls", "tool_use"],
  ["function_call", "tool_use"],
  ["content_filter", "refusal"],
]);

/** The tier that served, in Anthropic's words, where it has one. */
export function tierOf({ service_tier: tier }: JsonObject): JsonObject {
  if (tier === "default") return { service_tier: "standard" };
  return tier === "priority" ? { service_tier: "priority" } : {};
}
