/** OpenAI's embeddings over Google's: what is common to AI Studio and Vertex. */
import type { Completion } from "../../core/answer.ts";
import type { JsonObject } from "../../protocol/json.ts";
import type { Usage } from "../../protocol/openai.ts";
import { invalid, numberIn, unsupported } from "../chat/refuse.ts";

export interface EmbeddingsRequest {
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  /** What the texts are for, and their title: Google's own fields. */
  readonly taskType: unknown;
  readonly title: unknown;
  readonly autoTruncate: unknown;
  readonly dropped: readonly string[];
}

export function readEmbeddings(value: JsonObject): EmbeddingsRequest {
  const others = Object.keys(value).filter((name) => !KNOWN.has(name) && value[name] !== null);
  return {
    texts: textsIn(value.input),
    dimensions: numberIn(value, "dimensions"),
    taskType: value.task_type ?? value.taskType ?? undefined,
    title: value.title ?? undefined,
    autoTruncate: value.auto_truncate ?? value.autoTruncate ?? undefined,
    dropped: others.map((name) => name.slice(0, 60)),
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  "model",
  "input",
  "dimensions",
  "encoding_format",
  "task_type",
  "taskType",
  "title",
  "auto_truncate",
  "autoTruncate",
]);

function textsIn(input: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.some((text) => typeof text === "number" || Array.isArray(text))) {
    throw unsupported("input", "tokens instead of text");
  }
  if (!texts.every((text) => typeof text === "string")) throw invalid("input", "must be text or an array of texts");
  return texts;
}

export interface EmbeddingsAnswer {
  readonly vectors: readonly (readonly number[])[];
  readonly model: string;
  /** Undefined where Google does not count. */
  readonly promptTokens: number | undefined;
  readonly asBase64: boolean;
}

/** OpenAI's list. It always has a usage; what was not counted is 0 there, and unknown to the gateway. */
export function embeddingsList({ vectors, model, promptTokens, asBase64 }: EmbeddingsAnswer): Completion {
  const list = {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: asBase64 ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector,
    })),
    model,
    usage: { prompt_tokens: promptTokens ?? 0, total_tokens: promptTokens ?? 0 },
  };
  return { body: JSON.stringify(list), usage: promptTokens === undefined ? undefined : usageOf(promptTokens) };
}

function usageOf(promptTokens: number): Usage {
  return { promptTokens, completionTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

export function numbersIn(values: unknown): readonly number[] | undefined {
  return Array.isArray(values) && values.every((value) => typeof value === "number") ? values : undefined;
}
