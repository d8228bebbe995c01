import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type FinishReason, type Usage, writeUsage } from "../../protocol/openai.ts";

/** What the model read and wrote, template and all, cached tokens included; what is billed leaves the template out. */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const counted = [usage.tokens, usage.billed_units].find(isObject);
  if (!counted) return undefined;
  const { input_tokens, output_tokens } = counted;
  if (typeof input_tokens !== "number" && typeof output_tokens !== "number") return undefined;
  return {
    promptTokens: count(input_tokens),
    completionTokens: count(output_tokens),
    cachedTokens: Math.min(count(usage.cached_tokens), count(input_tokens)),
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** What Cohere charges for has no field at OpenAI; it stands beside the tokens under Cohere's name. */
export function billedOf(usage: unknown): JsonObject {
  return isObject(usage) && isObject(usage.billed_units) ? { billed_units: usage.billed_units } : {};
}

export function usageObject(native: unknown): JsonObject {
  const usage = usageOf(native);
  return usage ? { usage: { ...writeUsage(usage), ...billedOf(native) } } : {};
}

/** Why it ended, in OpenAI's words. Throws for an answer that Cohere itself calls broken; `words` are its own about that. */
export function finishReasonOf(reason: unknown, hasToolCalls: boolean, words?: unknown): FinishReason {
  if (reason === "ERROR" || reason === "TIMEOUT") {
    const what = reason === "ERROR" ? "The provider failed while it answered." : "The provider ran out of time.";
    throw new GatewayError("upstream_error", what, { cause: words });
  }
  return REASONS.get(reason) ?? (hasToolCalls ? "tool_calls" : "stop");
}

const REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ["COMPLETE", "stop"],
  ["STOP_SEQUENCE", "stop"],
  ["MAX_TOKENS", "length"],
  ["TOOL_CALL", "tool_calls"],
  ["ERROR_LIMIT", "length"],
  ["ERROR_TOXIC", "content_filter"],
]);
