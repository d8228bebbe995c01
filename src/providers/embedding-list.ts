/** Embeddings in OpenAI's words, for wires that have words of their own. */
import type { Completion } from "../core/answer.ts";
import { GatewayError } from "../core/error.ts";
import type { DecodeContext } from "../core/provider.ts";
import { invalid, unsupported } from "./chat/refuse.ts";

/** What is to be embedded. OpenAI takes token numbers too, of a vocabulary that other models do not share. */
export function textsIn(input: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.some((text) => typeof text === "number" || Array.isArray(text))) {
    throw unsupported("input", "token numbers");
  }
  if (!texts.every((text) => typeof text === "string")) throw invalid("input", "must be text or an array of texts");
  return texts;
}

export interface Embedded {
  readonly vectors: readonly (readonly number[])[];
  /** Undefined where the provider does not tell. */
  readonly promptTokens: number | undefined;
}

/** OpenAI's list, its vectors as numbers or, if the client asked for it, as base64 of 32-bit floats. */
export function embeddingList({ vectors, promptTokens }: Embedded, { request, target }: DecodeContext): Completion {
  if (vectors.length === 0) {
    throw new GatewayError("upstream_invalid_response", "The provider's answer holds no embeddings.");
  }
  const asBase64 = request.body.value.encoding_format === "base64";
  const tokens = promptTokens ?? 0;
  const list = {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: asBase64 ? base64Of(vector) : vector,
    })),
    model: target.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  const usage = { promptTokens: tokens, completionTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  return { body: JSON.stringify(list), usage: promptTokens === undefined ? undefined : usage };
}

function base64Of(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString("base64");
}
