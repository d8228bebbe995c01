import type { Completion } from "../core/answer.ts";
import { GatewayError } from "../core/error.ts";
import { isObject, tryParse } from "../protocol/json.ts";
import { readUsage, type Usage } from "../protocol/openai.ts";
import { embeddedError } from "./openai-errors.ts";

/** The answer of a server's own `/rerank`, as it came. Its usage is tokens where it tells them: searches have none. */
export function decodeRerank(body: Buffer): Completion {
  const answer = tryParse(body.toString());
  if (isObject(answer) && Array.isArray(answer.results)) return { body, usage: usageIn(answer.usage) };
  throw embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer is no ranking.");
}

/** Jina and vLLM tell a total alone: everything a ranking reads is prompt. */
function usageIn(usage: unknown): Usage | undefined {
  const total = isObject(usage) ? usage.total_tokens : undefined;
  const read = readUsage(usage);
  return read ?? (typeof total === "number" ? readUsage({ prompt_tokens: total }) : undefined);
}
