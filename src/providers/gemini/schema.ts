import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * Names the keywords of a JSON schema that Gemini does not hold an answer to. They are sent all the same: it ignores them,
 * and a newer model may not.
 */
export function nameUnenforced(schema: JsonObject, drop: (keyword: string) => void): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (!ENFORCED.has(keyword)) drop(keyword.replace(/[^\w$-]/g, "_").slice(0, 40));
    else for (const child of childrenOf(keyword, value)) nameUnenforced(child, drop);
  }
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

/** Keywords that hold schemas by name, in a list, or one. */
function childrenOf(keyword: string, value: unknown): JsonObject[] {
  if (keyword === "properties" || keyword === "$defs" || keyword === "definitions") {
    return isObject(value) ? Object.values(value).filter(isObject) : [];
  }
  if (keyword === "anyOf" || keyword === "oneOf" || keyword === "prefixItems") {
    return Array.isArray(value) ? value.filter(isObject) : [];
  }
  return (keyword === "items" || keyword === "additionalProperties") && isObject(value) ? [value] : [];
}
