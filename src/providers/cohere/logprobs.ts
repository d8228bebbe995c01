import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * Cohere tells them by pieces of text, OpenAI by tokens. A piece of several tokens stays one entry, with the sum of their
 * log-probabilities: that is the piece's own.
 */
export function logprobsOf(items: unknown): JsonObject | null {
  const list = (Array.isArray(items) ? items : [items]).filter(isObject);
  const content = list.flatMap(({ text, logprobs }) => {
    if (typeof text !== "string" || !Array.isArray(logprobs)) return [];
    const logprob = logprobs.reduce<number>((sum, one) => sum + Number(one), 0);
    return [{ token: text, logprob, bytes: [...Buffer.from(text)], top_logprobs: [] }];
  });
  return content.length > 0 ? { content, refusal: null } : null;
}
