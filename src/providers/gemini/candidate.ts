/** What is told about a candidate besides its content, for whole answers and for the end of streams. */
import type { JsonObject } from "../../protocol/json.ts";

/** Google's own words that have no field at OpenAI: sources, why it ended if not as usual. */
export function nativeOf(candidate: JsonObject): JsonObject {
  const told = Object.entries(candidate).filter(([name]) => NATIVE.has(name));
  const unusual = candidate.finishReason !== undefined && !USUAL.has(candidate.finishReason);
  const reasons = unusual ? UNUSUAL.filter((name) => candidate[name] !== undefined) : [];
  return inGoogle({
    ...Object.fromEntries(told),
    ...Object.fromEntries(reasons.map((name) => [name, candidate[name]])),
  });
}

const NATIVE: ReadonlySet<string> = new Set(["groundingMetadata", "urlContextMetadata", "citationMetadata"]);
const USUAL: ReadonlySet<unknown> = new Set(["STOP", "MAX_TOKENS"]);
const UNUSUAL = ["finishReason", "finishMessage", "safetyRatings"] as const;

/** In the same place as signatures: `extra_content.google`. Nothing when there is nothing to tell. */
export function inGoogle(told: JsonObject): JsonObject {
  return Object.keys(told).length > 0 ? { extra_content: { google: told } } : {};
}
