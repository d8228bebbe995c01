/** Embeddings: how many, how long, and the very numbers that were recorded. */
import { isObject } from "../../src/protocol/json.ts";
import { compareUsage } from "./compare-chat.ts";
import type { Expectation } from "./recording.ts";

export function compareEmbeddings(answer: unknown, recorded: unknown, expect: Expectation): string[] {
  const vectors = vectorsIn(answer);
  if (expect.vectors !== undefined && vectors.length !== expect.vectors) {
    return [`vectors: expected ${expect.vectors}, got ${vectors.length}`];
  }
  const faults = vectors.flatMap((vector, index) => {
    if (!vector) return [`vector ${index} is neither a list of numbers nor base64 of floats`];
    const fits = expect.dims === undefined || vector.length === expect.dims;
    return fits ? [] : [`vector ${index}: expected ${expect.dims} dimensions, got ${vector.length}`];
  });
  if (JSON.stringify(vectors) !== JSON.stringify(recordedVectors(recorded)))
    faults.push("the numbers are not the recorded ones");
  const { prompt_tokens, total_tokens } = expect.usage_native ?? {};
  const usage = isObject(answer) && isObject(answer.usage) ? answer.usage : undefined;
  return [...faults, ...compareUsage(usage, countsOf({ prompt_tokens, total_tokens }))];
}

/**
 * OpenAI's `data`; Titan's `embedding`; a list `embeddings` of vectors (Ollama, Cohere by type) or of objects that hold one
 * (Gemini); Vertex's `predictions`, which hold the same.
 */
function recordedVectors(recorded: unknown): (readonly number[] | undefined)[] {
  const { embedding, embeddings, predictions } = isObject(recorded) ? recorded : {};
  if (Array.isArray(predictions)) return predictions.flatMap((one) => recordedVectors({ embedding: one.embeddings }));
  if (embedding !== undefined) return [numbersOf(isObject(embedding) ? embedding.values : embedding)];
  const list = isObject(embeddings) ? embeddings.float : embeddings;
  if (!Array.isArray(list)) return vectorsIn(recorded);
  return list.map((item) => numbersOf(isObject(item) ? (item.values ?? item.embedding) : item));
}

function vectorsIn(answer: unknown): (readonly number[] | undefined)[] {
  const data = isObject(answer) && Array.isArray(answer.data) ? answer.data : [];
  return data.map((item) => numbersOf(isObject(item) ? item.embedding : undefined));
}

function numbersOf(embedding: unknown): readonly number[] | undefined {
  if (Array.isArray(embedding)) return embedding.every((item) => typeof item === "number") ? embedding : undefined;
  if (typeof embedding !== "string") return undefined;
  const bytes = Buffer.from(embedding, "base64");
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

function countsOf(counters: Readonly<Record<string, unknown>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(counters).map(([name, n]) => [name, typeof n === "number" ? n : null]));
}
