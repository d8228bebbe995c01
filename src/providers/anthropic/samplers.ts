import type { JsonObject } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import type { ModelTraits } from "./models.ts";

export interface SamplerOptions {
  readonly traits: ModelTraits;
  readonly thinking: JsonObject | undefined;
  readonly drop: (path: string) => void;
}

/**
 * `temperature`, `top_p` and Anthropic's `top_k`, as far as the model takes them. A temperature above 1 becomes 1, which
 * is named as dropped. 1 is the default of the first two: leaving it out loses nothing.
 */
export function samplersOf(chat: JsonObject, options: SamplerOptions): JsonObject {
  const temperature = temperatureOf(numberIn(chat, "temperature"), options);
  const top_p = topPOf(numberIn(chat, "top_p"), options);
  const top_k = topKOf(numberIn(chat, "top_k"), options);
  const chosen = { ...(top_k === undefined ? {} : { top_k }) };
  if (temperature === undefined) return { ...chosen, ...(top_p === undefined ? {} : { top_p }) };
  if (top_p === undefined) return { ...chosen, temperature };
  if (options.traits.samplers === "both") return { ...chosen, temperature, top_p };
  if (temperature === 1) return { ...chosen, top_p };
  if (top_p !== 1) options.drop("top_p");
  return { ...chosen, temperature };
}

/** Beside thinking, only a temperature of 1 is accepted. */
function temperatureOf(wanted: number | undefined, { traits, thinking, drop }: SamplerOptions): number | undefined {
  if (wanted === undefined) return undefined;
  const refused = traits.samplers === "none" || (thinks(thinking) && wanted < 1);
  if (wanted > 1 || (refused && wanted !== 1)) drop("temperature");
  return refused ? undefined : Math.min(wanted, 1);
}

/** Beside thinking, values from 0.95 on are accepted. */
function topPOf(wanted: number | undefined, { traits, thinking, drop }: SamplerOptions): number | undefined {
  if (wanted === undefined) return undefined;
  const refused = traits.samplers === "none" || (thinks(thinking) && wanted < 0.95);
  if (refused && wanted !== 1) drop("top_p");
  return refused ? undefined : wanted;
}

function topKOf(wanted: number | undefined, { traits, thinking, drop }: SamplerOptions): number | undefined {
  if (wanted === undefined || (traits.samplers !== "none" && !thinks(thinking))) return wanted;
  drop("top_k");
  return undefined;
}

function thinks(thinking: JsonObject | undefined): boolean {
  return thinking !== undefined && thinking.type !== "disabled";
}
