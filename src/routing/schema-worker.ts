/**
 * Holds JSON to schemas that clients sent, on a thread of its own: compiling one can take seconds, and a pattern can be
 * written to take for ever. Whoever started the thread ends it then.
 */
import { parentPort } from "node:worker_threads";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { FormNote } from "../core/answer-form.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import { READY, type WorkerPiece } from "./schema-checks.ts";

/** The least used go when there are more. */
const MAX_COMPILED = 200;
const compiled = new Map<string, ValidateFunction | string>();

parentPort!.on("message", (pieces: readonly WorkerPiece[]) => {
  parentPort!.postMessage(pieces.map(verdictOn));
});
parentPort!.postMessage(READY);

function verdictOn({ path, text, schema }: WorkerPiece): FormNote {
  const value = tryParse(text);
  if (value === undefined) return { result: "misfits", why: `${path} is no JSON` };
  if (schema === undefined) return isObject(value) ? FITS : { result: "misfits", why: `${path} is no JSON object` };
  const validate = validatorFor(schema);
  if (typeof validate === "string") return { result: "unchecked", why: validate };
  if (validate(value)) return FITS;
  return { result: "misfits", why: `${path}${inWords(validate.errors?.[0])}` };
}

const FITS: FormNote = { result: "fits" };

function validatorFor(schema: string): ValidateFunction | string {
  const validate = compiled.get(schema) ?? compile(schema);
  compiled.delete(schema);
  compiled.set(schema, validate);
  if (compiled.size > MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
  return validate;
}

/** Or why not. An instance for each: what one client's schema calls itself is nothing to another's. */
function compile(schema: string): ValidateFunction | string {
  const ajv = new Ajv2020({
    strict: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    // Formats need a package of their own, and models are held to them by nobody.
    validateFormats: false,
    inlineRefs: false,
    logger: false,
  });
  try {
    return ajv.compile(JSON.parse(schema) as JsonObject);
  } catch (error) {
    return `the schema cannot be compiled: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** Where and what, never the value: it is the model's answer. */
function inWords(error: ErrorObject | undefined): string {
  if (!error) return " does not fit";
  const { instancePath, message, params, keyword } = error;
  const named = keyword === "additionalProperties" ? ` '${String(params.additionalProperty).slice(0, 64)}'` : "";
  return `${instancePath.slice(0, 200)} ${message}${named}`;
}
