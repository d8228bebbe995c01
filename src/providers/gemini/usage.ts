import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { FinishReason, Usage } from "../../protocol/openai.ts";

/**
 * Gemini counts thoughts beside the candidates and what its own tools read beside the prompt; OpenAI counts either within.
 * All of it is paid for: the sums are Gemini's `totalTokenCount`.
 */
export function usageOf(metadata: unknown): Usage | undefined {
  if (!isObject(metadata)) return undefined;
  const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount } = metadata;
  if (typeof (promptTokenCount ?? candidatesTokenCount ?? thoughtsTokenCount) !== "number") return undefined;
  return {
    promptTokens: count(promptTokenCount) + count(metadata.toolUsePromptTokenCount),
    completionTokens: count(candidatesTokenCount) + count(thoughtsTokenCount),
    cachedTokens: count(metadata.cachedContentTokenCount),
    cacheWriteTokens: 0,
    reasoningTokens: count(thoughtsTokenCount),
  };
}

function count(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** The tier that served the request, in OpenAI's words: AI Studio tells it as such, Vertex as a kind of traffic. */
export function serviceTierOf(metadata: unknown): JsonObject {
  const { serviceTier, trafficType } = isObject(metadata) ? metadata : {};
  const service_tier = TIERS.get(String(serviceTier ?? trafficType).toLowerCase());
  return service_tier === undefined ? {} : { service_tier };
}

const TIERS: ReadonlyMap<string, string> = new Map([
  ["standard", "default"],
  ["flex", "flex"],
  ["priority", "priority"],
  ["on_demand", "default"],
  ["on_demand_flex", "flex"],
  ["on_demand_priority", "priority"],
  ["provisioned_throughput", "scale"],
]);

/** Why it ended, in OpenAI's words. Gemini stops with STOP before tool calls as well. */
export function finishReasonOf(reason: unknown, hasToolCalls: boolean): FinishReason {
  if (reason === "MAX_TOKENS") return "length";
  if (FILTERED.has(reason)) return "content_filter";
  return hasToolCalls ? "tool_calls" : "stop";
}

const FILTERED: ReadonlySet<unknown> = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MODEL_ARMOR",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
]);

/** The model failed at writing: nobody can use such an answer, and asking again may bring a better one. */
export function isBroken(reason: unknown): boolean {
  return BROKEN.has(reason);
}

const BROKEN: ReadonlySet<unknown> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
]);
