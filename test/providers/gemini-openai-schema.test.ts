import { describe, expect, test } from "vitest";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { decode, decodeStream, embeddings, fixture, jsonFixture } from "./gemini-door.ts";

const specification = sharedPath(
  "specs/openai.openapi.tolerant.json",
  "The check of fixtures against OpenAI's schemas",
);
const schemas = specification === undefined ? undefined : loadSchemas(specification);
const NAMES = ["text", "tools", "thinking", "grounding", "image", "two", "blocked", "safety"];

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test.each(NAMES)("in the answer %s", (name) => {
    expect(schemas!("CreateChatCompletionResponse", decode(jsonFixture(`${name}.json`)))).toEqual([]);
  });

  test.each(NAMES)("in the stream %s", async (name) => {
    const { chunks } = await decodeStream([fixture(`${name}.sse`)]);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
  });

  test("in an answer of embeddings", () => {
    const answer = decode({ embeddings: [{ values: [0.5] }] }, { input: "a" }, embeddings);
    expect(schemas!("CreateEmbeddingResponse", answer)).toEqual([]);
  });
});
