import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import type { DecodeContext } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import { type Embedded, embeddingList, textsIn } from "../embedding-list.ts";
import { embeddedError } from "./error.ts";
import { nativeFields } from "./fields.ts";
import type { Translate } from "./translate.ts";

/**
 * OpenAI's embeddings as Cohere's. What they are made for is Cohere's own question: a client answers it in `input_type`,
 * the configuration for everyone else. Numbers are asked for whatever the client wants: base64 is made of them here.
 */
export function embedRequest(defaultInputType: string): Translate {
  return (request, { model, drop }) => {
    const dimensions = numberIn(request, "dimensions");
    return {
      ...nativeFields(request, { native: NATIVE, translated: TRANSLATED, drop }),
      model,
      texts: textsIn(request.input),
      input_type: request.input_type ?? defaultInputType,
      embedding_types: [typeOf(request.embedding_types, drop)],
      ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
    };
  };
}

const NATIVE: ReadonlySet<string> = new Set(["truncate", "max_tokens", "output_dimension", "priority"]);

const TRANSLATED: ReadonlySet<string> = new Set([
  "model",
  "input",
  "input_type",
  "embedding_types",
  "dimensions",
  "encoding_format",
]);

/** OpenAI's answer has room for one embedding of each text. */
function typeOf(types: unknown, drop: (path: string) => void): unknown {
  if (types === undefined || types === null) return "float";
  if (Array.isArray(types) && types.length === 1) return types[0];
  drop("embedding_types");
  return "float";
}

const TEXTS_AT_ONCE = 96;

/** The requests that a long list of texts becomes: OpenAI's clients send up to 2,048. */
export function batches(request: JsonObject): readonly JsonObject[] {
  const texts = request.texts as readonly string[];
  const count = Math.max(1, Math.ceil(texts.length / TEXTS_AT_ONCE));
  return Array.from({ length: count }, (_, at) => ({
    ...request,
    texts: texts.slice(at * TEXTS_AT_ONCE, (at + 1) * TEXTS_AT_ONCE),
  }));
}

/** One answer, or the `answers` of several requests in their order. */
export function decodeEmbeddings(body: Buffer, context: DecodeContext): Completion {
  const json = tryParse(body.toString());
  const answers = isObject(json) && Array.isArray(json.answers) ? json.answers : [json];
  const read = answers.map(embeddedIn);
  const counts = read.flatMap(({ promptTokens }) => promptTokens ?? []);
  const vectors = read.flatMap((one) => one.vectors);
  const promptTokens = counts.length === read.length ? counts.reduce((sum, count) => sum + count) : undefined;
  return embeddingList({ vectors, promptTokens }, context);
}

function embeddedIn(answer: unknown): Embedded {
  const vectors = isObject(answer) ? vectorsIn(answer.embeddings) : undefined;
  if (!isObject(answer) || !vectors) throw notEmbeddings(answer);
  return { vectors, promptTokens: tokensIn(answer.meta) };
}

function notEmbeddings(answer: unknown): GatewayError {
  return (
    embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer holds no embeddings.")
  );
}

/** By type of number, of which one was asked for. */
function vectorsIn(embeddings: unknown): number[][] | undefined {
  const list = isObject(embeddings) ? Object.values(embeddings).find(Array.isArray) : embeddings;
  return Array.isArray(list) ? list : undefined;
}

function tokensIn(meta: unknown): number | undefined {
  const { billed_units } = isObject(meta) ? meta : {};
  const { input_tokens, image_tokens }: JsonObject = isObject(billed_units) ? billed_units : {};
  if (typeof input_tokens !== "number") return undefined;
  return input_tokens + (typeof image_tokens === "number" ? image_tokens : 0);
}
