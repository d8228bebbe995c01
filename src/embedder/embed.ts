/** A batch of texts from words to written vectors, in as few passes through the model as they fit in. */
import { readFileSync } from "node:fs";
import type { Batch, BatchAnswer, Form } from "./batch.ts";
import { Encoder } from "./encoder.ts";
import { MAX_TOKENS, modelFile } from "./model.ts";
import { type Tokens, wordPiece } from "./wordpiece.ts";

export type Embed = (batch: Batch) => BatchAnswer;

/** Reads the model; some 80 ms. */
export function loadModel(): Embed {
  const encoder = new Encoder();
  const tokenize = wordPiece(readFileSync(modelFile("vocab.txt"), "utf8"));
  return (batch) => {
    const tokens = batch.map(({ text }) => tokenize(text));
    const vectors = vectorsOf(tokens, encoder);
    return batch.map(({ form }, index) => {
      const { ids, cut } = tokens[index]!;
      return { json: written(vectors[index]!, form), tokens: ids.length, cut };
    });
  };
}

/** Together the texts of a pass have at most MAX_TOKENS. */
function vectorsOf(texts: readonly Tokens[], encoder: Encoder): Float32Array<ArrayBuffer>[] {
  const vectors: Float32Array<ArrayBuffer>[] = [];
  let pass: (readonly number[])[] = [];
  let rows = 0;
  for (const { ids } of texts) {
    if (rows + ids.length > MAX_TOKENS) {
      vectors.push(...encoder.encode(pass));
      pass = [];
      rows = 0;
    }
    pass.push(ids);
    rows += ids.length;
  }
  return pass.length > 0 ? [...vectors, ...encoder.encode(pass)] : vectors;
}

function written(vector: Float32Array<ArrayBuffer>, form: Form): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(form === "float" ? `[${numbersOf(vector)}]` : `"${base64Of(vector)}"`);
}

/** With as few digits as read back as the same floats: 5 KB of JSON a vector instead of 8. */
function numbersOf(vector: Float32Array): string {
  const shortened = Array.from(vector, (value) => {
    const short = Number(value.toPrecision(8));
    return Math.fround(short) === value ? short : Number(value.toPrecision(9));
  });
  return shortened.join(",");
}

/** Little-endian as OpenAI's: the order of every machine that the weights can be read on. */
function base64Of({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
