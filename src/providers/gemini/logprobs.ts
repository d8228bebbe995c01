import { isObject, type JsonObject } from "../../protocol/json.ts";

/** A candidate's `logprobsResult` as OpenAI's, or undefined. */
export function logprobsOf(result: unknown): JsonObject | undefined {
  if (!isObject(result) || !Array.isArray(result.chosenCandidates)) return undefined;
  const tops = Array.isArray(result.topCandidates) ? result.topCandidates : [];
  const content = result.chosenCandidates.filter(isObject).map((chosen, at) => {
    const top: unknown = tops[at];
    const others = isObject(top) && Array.isArray(top.candidates) ? top.candidates.filter(isObject) : [];
    return { ...tokenOf(chosen), top_logprobs: others.map(tokenOf) };
  });
  return { content, refusal: null };
}

function tokenOf({ token, logProbability }: JsonObject): JsonObject {
  const text = typeof token === "string" ? token : "";
  return {
    token: text,
    logprob: logProbability ?? 0,
    bytes: [...Buffer.from(text)],
  };
}
