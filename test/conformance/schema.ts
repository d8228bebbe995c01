/** OpenAI's own description of its answers, in the copy whose relaxations are listed in ../shared/specs/README.md. */
import { existsSync, readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

/** The faults of a value against one of OpenAI's component schemas, in words. */
export type SchemaCheck = (schema: string, value: unknown) => readonly string[];

/** Undefined when the specification is not there. */
export function loadSchemas(file: string): SchemaCheck | undefined {
  if (!existsSync(file)) return undefined;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  ajv.addSchema(withoutNullable(JSON.parse(readFileSync(file, "utf8"))) as object, "openai");
  const validators = new Map<string, ValidateFunction>();
  return (schema, value) => {
    const validate = validators.get(schema) ?? ajv.getSchema(`openai#/components/schemas/${schema}`);
    if (!validate) throw new Error(`The specification has no schema ${schema}.`);
    validators.set(schema, validate);
    if (validate(value)) return [];
    return [`not a ${schema}: ${describe(validate.errors ?? [])}`];
  };
}

/** That no branch of an `anyOf` fits is the sum of the other faults. */
function describe(errors: readonly ErrorObject[]): string {
  const told = errors.filter(({ keyword }) => keyword !== "anyOf");
  return [...new Set(told.map((error) => `${error.instancePath || "the answer"} ${error.message}`))].join(", ");
}

/** `nullable` is no word of JSON Schema 2020-12, but ajv stumbles over it; the tolerant copy says it with types as well. */
function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, child]) => key !== "nullable" || typeof child !== "boolean");
  return Object.fromEntries(kept.map(([key, child]) => [key, withoutNullable(child)]));
}
