/** Vertex's embeddings: one instance of a prediction for each text. */
import { GatewayError } from "../../core/error.ts";
import type { Adapter, DecodeContext } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { embeddingsList, numbersIn, readEmbeddings } from "../gemini/embeddings.ts";
import { decodeGoogleError, embeddedError } from "../gemini/error.ts";

export interface VertexEmbeddingsWire {
  readonly headers: Readonly<Record<string, string>>;
  path(model: string): string;
}

export function vertexEmbeddings({ headers, path }: VertexEmbeddingsWire): Adapter {
  return {
    encode({ body }, { model }) {
      const { texts, dimensions, taskType, title, autoTruncate, dropped } = readEmbeddings(body.value);
      const instances = texts.map((content) => ({
        content,
        ...(taskType === undefined ? {} : { task_type: taskType }),
        ...(title === undefined ? {} : { title }),
      }));
      const parameters = {
        ...(autoTruncate === undefined ? {} : { autoTruncate }),
        ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
      };
      const sent = Object.keys(parameters).length > 0 ? { instances, parameters } : { instances };
      return { method: "POST", path: `${path(model)}:predict`, headers, body: JSON.stringify(sent), dropped };
    },
    decode,
    decodeError: decodeGoogleError,
  };
}

function decode(body: Buffer, { request, target }: DecodeContext) {
  const answer = tryParse(body.toString());
  const predictions = isObject(answer) && Array.isArray(answer.predictions) ? answer.predictions : [];
  const found: JsonObject[] = predictions.map((one) =>
    isObject(one) && isObject(one.embeddings) ? one.embeddings : {},
  );
  const vectors = found.map(({ values }) => numbersIn(values));
  if (vectors.length === 0 || vectors.includes(undefined)) {
    const message = "The provider's answer holds no embeddings.";
    throw embeddedError(answer) ?? new GatewayError("upstream_invalid_response", message);
  }
  return embeddingsList({
    vectors: vectors as (readonly number[])[],
    model: target.model,
    promptTokens: tokensIn(found),
    asBase64: request.body.value.encoding_format === "base64",
  });
}

/** Each text is counted; a missing count leaves the sum unknown. */
function tokensIn(found: readonly JsonObject[]): number | undefined {
  const counts = found.map(({ statistics }) => (isObject(statistics) ? statistics.token_count : undefined));
  return counts.every((count) => typeof count === "number") ? counts.reduce((sum, count) => sum + count, 0) : undefined;
}
