import { describe, expect, test } from "vitest";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { bedrockEmbeddings } from "../../src/providers/bedrock/embeddings.ts";
import type { SeveralBodies } from "../../src/providers/several.ts";
import { targetOf } from "./bedrock-door.ts";

const adapter = bedrockEmbeddings({});
const TITAN = "amazon.titan-embed-text-v2:0";

function requestOf(fields: JsonObject) {
  const body = JsonBody.of({ model: "m", input: "hello", ...fields });
  return { body, model: "m", stream: false };
}

function encode(model: string, fields: JsonObject = {}) {
  const { bodies, path, dropped } = adapter.encode(requestOf(fields), targetOf(model)) as SeveralBodies;
  return { bodies: bodies.map((body) => JSON.parse(body)), path, dropped };
}

function decode(answer: unknown, fields: JsonObject = {}, headers: Record<string, string> = {}) {
  const context = { request: requestOf(fields), target: targetOf(TITAN), headers };
  const { body, usage } = adapter.decode(Buffer.from(JSON.stringify(answer)), context);
  return { answer: JSON.parse(String(body)), usage };
}

describe("a request", () => {
  test.each([
    ["amazon.titan-embed-text-v1", {}, { inputText: "hello" }],
    ["amazon.titan-embed-text-v1", { dimensions: 1536 }, { inputText: "hello" }],
    [TITAN, { dimensions: 512, normalize: false }, { inputText: "hello", dimensions: 512, normalize: false }],
    [
      "amazon.titan-embed-image-v1",
      { dimensions: 384 },
      { inputText: "hello", embeddingConfig: { outputEmbeddingLength: 384 } },
    ],
    ["cohere.embed-english-v3", {}, { texts: ["hello"], input_type: "search_document" }],
    [
      "eu.cohere.embed-v4:0",
      { dimensions: 512, input_type: "search_query" },
      { texts: ["hello"], input_type: "search_query", output_dimension: 512 },
    ],
    [
      "amazon.nova-2-multimodal-embeddings-v1:0",
      {},
      {
        taskType: "SINGLE_EMBEDDING",
        singleEmbeddingParams: {
          embeddingPurpose: "GENERIC_INDEX",
          text: { truncationMode: "END", value: "hello" },
        },
      },
    ],
  ])("to %s with %j", (model, fields, expected) => {
    const { bodies, path, dropped } = encode(model, fields);
    expect(bodies).toEqual([expected]);
    expect(path).toBe(`/model/${encodeURIComponent(model)}/invoke`);
    expect(dropped).toEqual([]);
  });

  test("goes text by text, or as many at once as the model takes", () => {
    expect(encode(TITAN, { input: ["a", "b"] }).bodies).toEqual([{ inputText: "a" }, { inputText: "b" }]);
    const input = Array.from({ length: 100 }, (_, at) => String(at));
    const { bodies } = encode("cohere.embed-english-v3", { input });
    expect(bodies.map(({ texts }) => texts.length)).toEqual([96, 4]);
  });

  test("with a length that the model does not have is unsupported: an index cannot use it", () => {
    for (const model of ["amazon.titan-embed-text-v1", "cohere.embed-multilingual-v3"]) {
      expect(() => encode(model, { dimensions: 256 })).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
  });

  test.each([[{ input: [1, 2] }], [{ input: [[1, 2]] }]])("of tokens (%j) is unsupported", (fields) => {
    expect(() => encode(TITAN, fields)).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("to a model that makes none is unsupported, and a user is named", () => {
    expect(() => encode("amazon.nova-lite-v1:0")).toThrow(expect.objectContaining({ code: "unsupported" }));
    expect(encode(TITAN, { user: "u" }).dropped).toEqual(["user"]);
  });
});

describe("an answer", () => {
  test.each([
    [{ embedding: [0.1, 0.2], inputTextTokenCount: 3 }, [[0.1, 0.2]]],
    [{ embeddings: [[1], [2]], id: "x" }, [[1], [2]]],
    [{ embeddings: { float: [[1], [2]] } }, [[1], [2]]],
    [{ embeddings: [{ embedding: [1], embeddingType: "TEXT" }] }, [[1]]],
    [{ answers: [{ embedding: [1] }, { embedding: [2] }] }, [[1], [2]]],
  ])("%j", (native, vectors) => {
    const { answer } = decode(native);
    expect(answer).toMatchObject({ object: "list", model: TITAN });
    expect(answer.data).toEqual(vectors.map((embedding, index) => ({ object: "embedding", index, embedding })));
  });

  test("tells its tokens where they are known", () => {
    expect(decode({ embedding: [1], inputTextTokenCount: 3 }).usage).toMatchObject({ promptTokens: 3 });
    const counted = { "x-amzn-bedrock-input-token-count": "7" };
    expect(decode({ embeddings: [[1]] }, {}, counted).usage).toMatchObject({ promptTokens: 7 });
    expect(decode({ embeddings: [[1]] }).usage).toBeUndefined();
  });

  test("is base64 of floats where the client wants it so", () => {
    const { answer } = decode({ embedding: [1, -2] }, { encoding_format: "base64" });
    const bytes = Buffer.from(answer.data[0].embedding, "base64");
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([1, -2]);
  });

  test.each([[{}], [{ message: "x" }], [[]], [{ answers: [null] }]])("%j is none", (native) => {
    expect(() => decode(native)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  });
});
