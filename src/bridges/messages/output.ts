/** How much to think, and in what form to answer. */
import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { Way } from "./way.ts";

/**
 * `thinking` and `output_config.effort` as `reasoning_effort`. A budget of tokens becomes the nearest effort. A model that
 * decides by itself how much to think (`adaptive`) does so unasked.
 */
export function effortOf({ thinking, output_config: config }: JsonObject, way: Way): JsonObject {
  const { effort } = isObject(config) ? config : {};
  const { type, budget_tokens: budget, display } = isObject(thinking) ? thinking : {};
  if (display === "omitted") way.drop("thinking.display");
  if (type === "disabled") return withoutThinking(way);
  if (typeof effort === "string") return { reasoning_effort: effort };
  if (type === "enabled" && typeof budget === "number") return { reasoning_effort: effortFor(budget) };
  if (type !== undefined && type !== "adaptive") way.drop("thinking");
  return {};
}

/** Few of OpenAI's models know the effort `none`, and the others refuse it. */
function withoutThinking({ translated, drop }: Way): JsonObject {
  if (translated) return { reasoning_effort: "none" };
  drop("thinking");
  return {};
}

/** The steps by which efforts become budgets on the way to Anthropic (providers/anthropic/thinking.ts). */
function effortFor(budgetTokens: number): string {
  if (budgetTokens < 2048) return "low";
  return budgetTokens < 4096 ? "medium" : "high";
}

/** `output_config.format`, or `output_format` as it was called in its beta, as `response_format`. */
export function formatOf(asked: JsonObject, { drop }: Way): JsonObject {
  const { effort: _, format = undefined, ...others } = isObject(asked.output_config) ? asked.output_config : {};
  for (const [name, value] of Object.entries(others)) if (value !== null) drop(`output_config.${name}`);
  const wanted = format ?? asked.output_format ?? undefined;
  if (wanted === undefined) return {};
  if (!isObject(wanted) || wanted.type !== "json_schema" || !isObject(wanted.schema)) {
    drop(format === undefined || format === null ? "output_format" : "output_config.format");
    return {};
  }
  const { schema } = wanted;
  return {
    response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: fitsStrict(schema) } },
  };
}

/** OpenAI enforces only schemas whose objects are closed and demand every member; of others it refuses `strict`. */
function fitsStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(fitsStrict);
  if (!isObject(schema)) return true;
  const { properties, required } = schema;
  if (isObject(properties)) {
    const demanded = new Set(Array.isArray(required) ? required : []);
    if (schema.additionalProperties !== false) return false;
    if (!Object.keys(properties).every((name) => demanded.has(name))) return false;
    if (!Object.values(properties).every(fitsStrict)) return false;
  } else if (schema.type === "object") return false;
  const { $defs, definitions, items, anyOf } = schema;
  return (
    [$defs, definitions].every((named) => !isObject(named) || Object.values(named).every(fitsStrict)) &&
    fitsStrict(items) &&
    fitsStrict(anyOf)
  );
}
