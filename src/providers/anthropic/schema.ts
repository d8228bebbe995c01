import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * A JSON schema in the part of the language that Anthropic holds a model to; the rest would be refused with a 400.
 * What cannot be enforced becomes a hint in the description and is named to `drop`. Every object is closed, as OpenAI's
 * strict mode has it. A map (`additionalProperties` with a schema) has no such form and is left for the provider to judge.
 */
export function enforceable(schema: JsonObject, drop: (keyword: string) => void): JsonObject {
  const kept: Record<string, unknown> = {};
  const hints: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (isEnforced(keyword, value)) {
      kept[keyword === "oneOf" ? "anyOf" : keyword] = inner(keyword, value, drop);
      continue;
    }
    drop(keyword);
    hints.push(`${keyword} ${JSON.stringify(value)}`);
  }
  if (hints.length > 0) kept.description = [schema.description, `(${hints.join(", ")})`].filter(Boolean).join(" ");
  if (isObjectSchema(schema) && schema.additionalProperties === undefined) kept.additionalProperties = false;
  return kept;
}

const UNENFORCED: ReadonlySet<string> = new Set([
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
]);

const FORMATS: ReadonlySet<unknown> = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);

function isEnforced(keyword: string, value: unknown): boolean {
  if (keyword === "minItems") return value === 0 || value === 1;
  if (keyword === "format") return FORMATS.has(value);
  return !UNENFORCED.has(keyword);
}

/** Keywords that hold schemas by name, in a list, or one. Everything else (`enum`, `default`) holds values. */
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const LISTED: ReadonlySet<string> = new Set(["anyOf", "allOf", "oneOf", "prefixItems"]);

function inner(keyword: string, value: unknown, drop: (keyword: string) => void): unknown {
  const step = (child: unknown) => (isObject(child) ? enforceable(child, drop) : child);
  if (NAMED.has(keyword) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, step(child)]));
  }
  if (LISTED.has(keyword) && Array.isArray(value)) return value.map(step);
  return keyword === "items" ? step(value) : value;
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === "object" || (Array.isArray(type) && type.includes("object")) || isObject(properties);
}
