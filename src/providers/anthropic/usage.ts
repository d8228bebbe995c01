import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { FinishReason, Usage } from "../../protocol/openai.ts";

/** Anthropic counts cached tokens beside the input, OpenAI within it. */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const { input_tokens, output_tokens, output_tokens_details: details } = usage;
  if (typeof input_tokens !== "number" && typeof output_tokens !== "number") return undefined;
  const cachedTokens = count(usage.cache_read_input_tokens);
  const cacheWriteTokens = count(usage.cache_creation_input_tokens);
  return {
    promptTokens: count(input_tokens) + cachedTokens + cacheWriteTokens,
    completionTokens: count(output_tokens),
    cachedTokens,
    cacheWriteTokens,
    reasoningTokens: isObject(details) ? count(details.thinking_tokens) : 0,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** Why it ended, in OpenAI's words. A server that does not say gets the benefit of the doubt. */
export function finishReasonOf(stopReason: unknown, hasToolCalls: boolean): FinishReason {
  return REASONS.get(stopReason) ?? (hasToolCalls ? "tool_calls" : "stop");
}

const REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

/** What Anthropic tells about a refusal has no field at OpenAI; clients that look find it in the choice. */
export function stopDetailsOf(stopDetails: unknown): JsonObject {
  return isObject(stopDetails) ? { stop_details: stopDetails } : {};
}

/** OpenAI's name for the tier that served the request; its schema knows no other. */
export function serviceTierOf(usage: unknown): JsonObject {
  const tier = isObject(usage) ? usage.service_tier : undefined;
  if (tier === "standard") return { service_tier: "default" };
  return tier === "priority" ? { service_tier: "priority" } : {};
}
