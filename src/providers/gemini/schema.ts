import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * A JSON schema with `const` written as the `enum` of one value, which Gemini holds an answer to. Keywords that it does not
 * are named to `drop` and sent all the same: it ignores them, and a newer model may not.
 */
export function enforceable(schema: JsonObject, drop: (keyword: string) => void): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "const") kept.enum = [value];
    else kept[keyword] = inner(keyword, value, drop);
    if (!ENFORCED.has(keyword)) drop(keyword.replace(/[^\w$-]/g, "_").slice(0, 40));
  }
  return kept;
}

const ENFORCED: ReadonlySet<string> = new Set([
  "$id",
  "$schema",
  "$defs",
  "definitions",
  "$ref",
  "$anchor",
  "$comment",
  "type",
  "format",
  "title",
  "description",
  "default",
  "examples",
  "example",
  "enum",
  "const",
  "nullable",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "anyOf",
  "oneOf",
  "properties",
  "additionalProperties",
  "required",
  "propertyOrdering",
  "strict",
]);

/** Keywords that hold schemas by name, in a list, or one. Everything else (`enum`, `default`) holds values. */
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const LISTED: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const SINGLE: ReadonlySet<string> = new Set(["items", "additionalProperties"]);

function inner(keyword: string, value: unknown, drop: (keyword: string) => void): unknown {
  const step = (child: unknown) => (isObject(child) ? enforceable(child, drop) : child);
  if (NAMED.has(keyword) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, step(child)]));
  }
  if (LISTED.has(keyword) && Array.isArray(value)) return value.map(step);
  return SINGLE.has(keyword) ? step(value) : value;
}
