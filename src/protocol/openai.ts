/** The shapes of OpenAI's API that the gateway itself reads or writes; everything else passes through unread. */
import type { JsonObject } from "./json.ts";

/** Tokens as OpenAI counts them: cached tokens are part of `promptTokens`, reasoning part of `completionTokens`. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** OpenAI's usage object, from any of its servers, as our Usage; `undefined` when there is nothing countable in it. */
export function readUsage(usage: unknown): Usage | undefined {
  if (typeof usage !== "object" || usage === null) return undefined;
  const u = usage as Record<string, unknown>;
  const prompt = count(u.prompt_tokens);
  const completion = count(u.completion_tokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const promptDetails = u.prompt_tokens_details as Record<string, unknown> | null | undefined;
  const completionDetails = u.completion_tokens_details as Record<string, unknown> | null | undefined;
  const reasoning = count(completionDetails?.reasoning_tokens) ?? 0;
  // xAI counts thoughts beside the completion, not in it; its total tells.
  const apart = reasoning > 0 && u.total_tokens === (prompt ?? 0) + (completion ?? 0) + reasoning;
  return {
    promptTokens: prompt ?? 0,
    completionTokens: (completion ?? 0) + (apart ? reasoning : 0),
    cachedTokens: count(promptDetails?.cached_tokens) ?? count(u.prompt_cache_hit_tokens) ?? 0,
    cacheWriteTokens: count(promptDetails?.cache_write_tokens) ?? 0,
    reasoningTokens: reasoning,
  };
}

/** Our Usage as the object OpenAI's clients read. */
export function writeUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
