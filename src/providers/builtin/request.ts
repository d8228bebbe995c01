import { GatewayError } from "../../core/error.ts";
import type { Target } from "../../core/policy.ts";
import type { Form } from "../../embedder/batch.ts";
import { DIMENSIONS, MODEL } from "../../embedder/model.ts";
import type { JsonObject } from "../../protocol/json.ts";

export interface EmbeddingsRequest {
  readonly texts: readonly string[];
  readonly form: Form;
  readonly dropped: readonly string[];
}

/** As many as OpenAI takes. */
const MAX_TEXTS = 2048;
const HONOURED: ReadonlySet<string> = new Set(["model", "input", "encoding_format", "dimensions"]);

/** An OpenAI embeddings request for the built-in model. Throws a GatewayError that names what it cannot do. */
export function readEmbeddings(body: JsonObject, target: Target): EmbeddingsRequest {
  if (target.model !== MODEL) {
    throw new GatewayError("upstream_not_found", `The built-in provider has one model, ${MODEL}.`, { param: "model" });
  }
  checkDimensions(body.dimensions);
  const dropped = Object.keys(body).filter((name) => !HONOURED.has(name) && body[name] !== null);
  return { texts: textsOf(body.input), form: formOf(body.encoding_format), dropped };
}

function checkDimensions(dimensions: unknown): void {
  if (dimensions === undefined || dimensions === null || dimensions === DIMENSIONS) return;
  const message = `${MODEL} has ${DIMENSIONS} dimensions and cannot be asked for others.`;
  throw new GatewayError("unsupported", message, { param: "dimensions" });
}

function formOf(format: unknown): Form {
  if (format === undefined || format === null || format === "float") return "float";
  if (format === "base64") return format;
  throw refuse("encoding_format", "must be 'float' or 'base64'");
}

function textsOf(input: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0) throw refuse("input", "must not be empty");
  if (texts.some(isTokens)) {
    throw refuse("input", `must be text: token ids are those of another model's tokenizer, which ${MODEL} cannot read`);
  }
  if (texts.length > MAX_TEXTS) throw refuse("input", `holds ${texts.length} texts; ${MAX_TEXTS} are the most`);
  for (const [index, text] of texts.entries()) {
    const name = Array.isArray(input) ? `input[${index}]` : "input";
    if (typeof text !== "string") throw refuse(name, "must be a string");
    if (text === "") throw refuse(name, "must not be empty");
  }
  return texts as readonly string[];
}

/** OpenAI takes `[1, 2]` for one text's tokens and `[[1, 2], [3]]` for those of several. */
function isTokens(item: unknown): boolean {
  return typeof item === "number" || (Array.isArray(item) && item.every((id) => typeof id === "number"));
}

function refuse(param: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${param}' ${what}.`, { param });
}
