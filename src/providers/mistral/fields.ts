/** Mistral refuses a request over one name it does not know, at any depth: such names have to go before. */
import type { JsonObject } from "../../protocol/json.ts";
import { nameLost } from "../chat/lost.ts";
import { never, OPENAI_ONLY } from "../chat/wants.ts";

export interface FieldOptions {
  readonly known: ReadonlySet<string>;
  /** Honoured under another name: left out without a word. */
  readonly translated?: ReadonlySet<string>;
  readonly drop: (path: string) => void;
}

/** The top-level members that have to go, as changes. A null is OpenAI's way to say nothing, and Mistral may refuse it. */
export function unknownFields(body: JsonObject, { known, translated, drop }: FieldOptions): JsonObject {
  const gone: Record<string, undefined> = {};
  for (const [name, value] of Object.entries(body)) {
    if (value !== null && known.has(name)) continue;
    gone[name] = undefined;
    if (!known.has(name) && !translated?.has(name) && !asksNothing(name, value)) drop(name);
  }
  return gone;
}

function asksNothing(name: string, value: unknown): boolean {
  if (value === null) return true;
  if (name === "service_tier") return value === "auto" || value === "default";
  return (OPENAI_ONLY.get(name) ?? never)(value);
}

/** The object itself when it holds only what Mistral knows; else a copy, and what went is named under `path`. */
export function withOnly(value: JsonObject, known: ReadonlySet<string>, lost: (name: string) => void): JsonObject {
  const entries = Object.entries(value);
  const kept = entries.filter(([name]) => known.has(name));
  if (kept.length === entries.length) return value;
  nameLost(value, known, lost);
  return Object.fromEntries(kept);
}

/** The list itself when nothing in it changed; what changes to undefined is left out. */
export function mapped<Item>(
  list: readonly Item[],
  change: (item: Item, at: number) => Item | undefined,
): readonly Item[] {
  const changed = list.map(change);
  if (changed.every((item, at) => item === list[at])) return list;
  return changed.filter((item) => item !== undefined);
}
