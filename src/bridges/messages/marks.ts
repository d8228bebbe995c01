import type { JsonObject } from "../../protocol/json.ts";
import type { Way } from "./way.ts";

/**
 * Where the prompt up to here is worth caching, in the words of whoever reads it: Anthropic's for wires that are translated,
 * OpenAI's for its models that know such marks. For all others the mark is named as dropped: they cache as they please.
 */
export function markOf({ cache_control: mark }: JsonObject, path: string, way: Way): JsonObject {
  if (mark === undefined || mark === null) return {};
  if (way.translated) return { cache_control: mark };
  if (TAKES_BREAKPOINTS.test(way.target.model)) return { prompt_cache_breakpoint: { mode: "explicit" } };
  way.drop(`${path}.cache_control`);
  return {};
}

/** The same where OpenAI has no place for it: on a tool, or on a call of one. */
export function innerMarkOf(block: JsonObject, path: string, way: Way): JsonObject {
  if (way.translated) return markOf(block, path, way);
  if (block.cache_control) way.drop(`${path}.cache_control`);
  return {};
}

/** From GPT-5.6 on. */
const TAKES_BREAKPOINTS = /(^|\/)gpt-(5\.([6-9]|\d\d)|[6-9]|\d\d)/;
