import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { FinishReason, Usage } from "../../protocol/openai.ts";

/** Converse counts cached tokens beside the input, OpenAI within it. Tokens of thought are part of the output, and not told. */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const { inputTokens, outputTokens } = usage;
  if (typeof inputTokens !== "number" && typeof outputTokens !== "number") return undefined;
  const cachedTokens = count(usage.cacheReadInputTokens);
  const cacheWriteTokens = count(usage.cacheWriteInputTokens);
  return {
    promptTokens: count(inputTokens) + cachedTokens + cacheWriteTokens,
    completionTokens: count(outputTokens),
    cachedTokens,
    cacheWriteTokens,
    reasoningTokens: 0,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/**
 * Why it ended, in OpenAI's words. A reason that is new gets the benefit of the doubt; a model whose output Bedrock could
 * not read is no answer, and may do better when asked again.
 */
export function finishReasonOf(stopReason: unknown, hasToolCalls: boolean): FinishReason {
  if (stopReason === "malformed_model_output" || stopReason === "malformed_tool_use") {
    throw new GatewayError("upstream_invalid_response", "The model's output was malformed.");
  }
  const reason = REASONS.get(stopReason);
  // Without a call of the client's, the only tool that was used is the one that stands for a JSON answer.
  if (reason === undefined || reason === "tool_calls") return hasToolCalls ? "tool_calls" : "stop";
  return reason;
}

const REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["guardrail_intervened", "content_filter"],
  ["content_filtered", "content_filter"],
]);

/** What stands beside the message: OpenAI's name for the tier that served the request, and what a client asked for in Converse's own fields, as it came. */
export function besides({ serviceTier, trace, additionalModelResponseFields }: JsonObject): JsonObject {
  const tier = isObject(serviceTier) ? serviceTier.type : undefined;
  return {
    ...(tier === "default" || tier === "flex" || tier === "priority" ? { service_tier: tier } : {}),
    ...(isObject(trace) ? { trace } : {}),
    ...(additionalModelResponseFields ? { additionalModelResponseFields } : {}),
  };
}
