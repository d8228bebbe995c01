import { isObject } from "../../protocol/json.ts";
import { readUsage, type Usage } from "../../protocol/openai.ts";

/**
 * Usage as images and audio tell it: `input_tokens` and `output_tokens`. What is counted in seconds of audio has no tokens
 * to tell.
 */
export function readMediaUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const input = count(usage.input_tokens);
  const output = count(usage.output_tokens);
  if (input === undefined && output === undefined) return readUsage(usage);
  return {
    promptTokens: input ?? 0,
    completionTokens: output ?? 0,
    cachedTokens: detail(usage.input_tokens_details, "cached_tokens"),
    cacheWriteTokens: 0,
    reasoningTokens: detail(usage.output_tokens_details, "reasoning_tokens"),
  };
}

function detail(details: unknown, name: string): number {
  return isObject(details) ? (count(details[name]) ?? 0) : 0;
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}
