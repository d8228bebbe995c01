/** AI Studio's embeddings: one request of the batch for each text. */
import { GatewayError } from "../../core/error.ts";
import type { Adapter, DecodeContext } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { embeddingsList, numbersIn, readEmbeddings } from "./embeddings.ts";
import { decodeGoogleError, embeddedError } from "./error.ts";
import { pathOf, resourceOf } from "./path.ts";

export function geminiEmbeddings(headers: Readonly<Record<string, string>>): Adapter {
  return {
    encode({ body }, target) {
      const { texts, dimensions, taskType, title, autoTruncate, dropped } = readEmbeddings(body.value);
      const model = resourceOf(target.model);
      const requests = texts.map((text) => ({
        model,
        content: { parts: [{ text }] },
        ...(taskType === undefined ? {} : { taskType }),
        ...(title === undefined ? {} : { title }),
        ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
      }));
      return {
        method: "POST",
        path: `/${pathOf(model)}:batchEmbedContents`,
        headers,
        body: JSON.stringify({ requests }),
        dropped: autoTruncate === undefined ? dropped : [...dropped, "auto_truncate"],
      };
    },
    decode,
    decodeError: decodeGoogleError,
  };
}

function decode(body: Buffer, { request, target }: DecodeContext) {
  const answer = tryParse(body.toString());
  const { embeddings, usageMetadata } = isObject(answer) ? answer : {};
  const vectors = Array.isArray(embeddings) ? embeddings.map((one) => numbersIn(isObject(one) ? one.values : one)) : [];
  if (vectors.length === 0 || vectors.includes(undefined)) {
    const message = "The provider's answer holds no embeddings.";
    throw embeddedError(answer) ?? new GatewayError("upstream_invalid_response", message);
  }
  const counted = isObject(usageMetadata) ? usageMetadata.promptTokenCount : undefined;
  return embeddingsList({
    vectors: vectors as (readonly number[])[],
    model: target.model,
    promptTokens: typeof counted === "number" ? counted : undefined,
    asBase64: request.body.value.encoding_format === "base64",
  });
}
