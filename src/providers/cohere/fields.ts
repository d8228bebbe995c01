/** What Cohere takes under its own names: everything else that says something is named to `drop`, since it might be passed over in silence. */
import type { JsonObject } from "../../protocol/json.ts";
import { never, OPENAI_ONLY } from "../chat/wants.ts";

export interface FieldOptions {
  /** Cohere's own names, which pass as they are. */
  readonly native: ReadonlySet<string>;
  /** Fields with a translation of their own, or no bearing on what is sent. */
  readonly translated: ReadonlySet<string>;
  readonly drop: (path: string) => void;
}

export function nativeFields(request: JsonObject, { native, translated, drop }: FieldOptions): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === null || value === undefined || translated.has(name)) continue;
    if (native.has(name)) kept[name] = value;
    else if (!asksNothing(name, value)) drop(name);
  }
  return kept;
}

function asksNothing(name: string, value: unknown): boolean {
  if (name === "parallel_tool_calls") return value === true;
  if (name === "service_tier") return value === "auto" || value === "default";
  return (OPENAI_ONLY.get(name) ?? never)(value);
}
