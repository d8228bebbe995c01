import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { complete, decode, embeddings, encodeWith } from "./gemini-door.ts";

const model = "gemini-embedding-001";
const encode = (value: JsonObject) => encodeWith(embeddings, { model, ...value });
const answer = (...vectors: number[][]) => ({ embeddings: vectors.map((values) => ({ values })) });

describe("embeddings at AI Studio", () => {
  test("are one request of a batch for each text", () => {
    const { path, body, dropped } = encode({ input: ["a", "b"], dimensions: 768, task_type: "CLUSTERING", user: "u" });
    expect(path).toBe(`/models/${model}:batchEmbedContents`);
    expect(body).toEqual({
      requests: ["a", "b"].map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        taskType: "CLUSTERING",
        outputDimensionality: 768,
      })),
    });
    expect(dropped).toEqual(["user"]);
  });

  test("of tokens are refused, of anything else wrong", () => {
    for (const input of [
      [1, 2],
      [[1], [2]],
    ]) {
      expect(() => encode({ input })).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
    expect(() => encode({ input: { a: 1 } })).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  test("come as OpenAI's list, in numbers or in base64", () => {
    expect(decode(answer([0.5, -1], [2, 3]), { model, input: "a" }, embeddings)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, -1] },
        { object: "embedding", index: 1, embedding: [2, 3] },
      ],
      model,
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
    const { data } = decode(answer([0.5, -1]), { model, input: "a", encoding_format: "base64" }, embeddings);
    expect(data).toMatchObject([{ embedding: Buffer.from(new Float32Array([0.5, -1]).buffer).toString("base64") }]);
  });

  test("are counted where Google counts them, else unknown", () => {
    expect(complete(answer([1]), { model }, embeddings).usage).toBeUndefined();
    const counted = { ...answer([1]), usageMetadata: { promptTokenCount: 5 } };
    expect(complete(counted, { model }, embeddings)).toMatchObject({ usage: { promptTokens: 5 } });
  });

  test.each(["{}", "x", '{"embeddings":[{"values":["a"]}]}'])("%s holds none", (body) => {
    expect(() => complete(body, { model }, embeddings)).toThrow(
      expect.objectContaining({ code: "upstream_invalid_response" }),
    );
  });
});
