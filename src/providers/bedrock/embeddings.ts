/** OpenAI's embeddings over the models of Bedrock that make them, each by InvokeModel in words of its own. */
import type { Completion } from "../../core/answer.ts";
import type { Adapter, DecodeContext, ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import { embeddingList, textsIn } from "../embedding-list.ts";
import type { SeveralBodies } from "../several.ts";
import { familyOf } from "./embedding-families.ts";
import { decodeBedrockError } from "./error.ts";

/** `sent` goes with every request. */
export function bedrockEmbeddings(sent: Readonly<Record<string, string>>): Adapter {
  return {
    encode({ body: { value } }, { model }): SeveralBodies {
      const dropped = new Set<string>();
      const family = familyOf(model);
      const dimensions = numberIn(value, "dimensions");
      if (value.user !== undefined) dropped.add("user");
      const own = Object.entries(value).filter(([name, given]) => given !== null && !TRANSLATED.has(name));
      const bodies = batches(textsIn(value.input), family.textsAtOnce).map((texts) =>
        JSON.stringify({ ...family.request(texts, { dimensions, model }), ...Object.fromEntries(own) }),
      );
      const path = `/model/${encodeURIComponent(model)}/invoke`;
      return { method: "POST", path, headers: sent, body: bodies[0]!, bodies, dropped: [...dropped] };
    },
    decode,
    decodeError: decodeBedrockError,
  };
}

/** Where Bedrock counts the tokens of what it was sent. */
export const TOKENS_HEADER = "x-amzn-bedrock-input-token-count";

const TRANSLATED: ReadonlySet<string> = new Set(["model", "input", "dimensions", "encoding_format", "user"]);

function batches(texts: readonly string[], size: number): string[][] {
  const count = Math.ceil(texts.length / size);
  return Array.from({ length: count }, (_, at) => texts.slice(at * size, (at + 1) * size));
}

/** One answer of the model's, or a list of them where the texts went in several requests. */
function decode(body: Buffer, context: DecodeContext): Completion {
  const json = tryParse(body.toString());
  const list = isObject(json) && Array.isArray(json.answers) ? json.answers : [json];
  const answers = list.filter(isObject);
  return embeddingList(
    { vectors: answers.flatMap(vectorsIn), promptTokens: tokensIn(context.headers, answers) },
    context,
  );
}

/** Titan has one vector, Cohere a list (or one by type of number), Nova a list of objects. */
function vectorsIn({ embedding, embeddings }: JsonObject): number[][] {
  if (Array.isArray(embedding)) return [embedding];
  const list = isObject(embeddings) ? embeddings.float : embeddings;
  if (!Array.isArray(list)) return [];
  return list.map((one) => (isObject(one) ? one.embedding : one)).filter(Array.isArray);
}

/** From the header, which every model has; Titan tells it in its answer as well. */
function tokensIn(headers: ResponseHeaders = {}, answers: readonly JsonObject[]): number | undefined {
  const told = Number(headers[TOKENS_HEADER] ?? Number.NaN);
  if (!Number.isNaN(told)) return told;
  const counts = answers.map(({ inputTextTokenCount }) => inputTextTokenCount);
  return counts.every((count) => typeof count === "number") ? counts.reduce((sum, count) => sum + count, 0) : undefined;
}
