import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { cohere } from "../../src/providers/cohere.ts";
import { startTestPlane } from "../support/data-plane.ts";
import { json, startUpstream } from "../support/upstream.ts";
import { embeddings } from "./cohere-door.ts";
import { doorTo } from "./wire-door.ts";

test("texts go as a list, for the purpose that the configuration names", () => {
  expect(embeddings.encode({})).toMatchObject({
    path: "/v2/embed",
    body: { model: "embed-v4.0", texts: ["Hello"], input_type: "search_document", embedding_types: ["float"] },
    dropped: [],
  });
  const searching = doorTo(cohere({ inputType: "search_query" }).embeddings, { model: "m", input: ["a", "b"] });
  expect(searching.encode({}).body).toMatchObject({ texts: ["a", "b"], input_type: "search_query" });
  expect(searching.encode({ input_type: "clustering" }).body).toMatchObject({ input_type: "clustering" });
});

test("dimensions have another name, Cohere's own fields pass, the rest is named", () => {
  const { body, dropped } = embeddings.encode({
    dimensions: 256,
    truncate: "END",
    user: "u",
    encoding_format: "base64",
  });
  expect(body).toEqual({
    model: "embed-v4.0",
    texts: ["Hello"],
    input_type: "search_document",
    embedding_types: ["float"],
    output_dimension: 256,
    truncate: "END",
  });
  expect(dropped).toEqual(["user"]);
  expect(embeddings.encode({ embedding_types: ["int8"] }).body).toMatchObject({ embedding_types: ["int8"] });
  expect(embeddings.encode({ embedding_types: ["int8", "float"] })).toMatchObject({ dropped: ["embedding_types"] });
});

test("token numbers are of another vocabulary", () => {
  for (const input of [[1, 2], [[1, 2]]]) {
    expect(() => embeddings.encode({ input })).toThrow(expect.objectContaining({ code: "unsupported" }));
  }
  expect(() => embeddings.encode({ input: [{}] })).toThrow(expect.objectContaining({ code: "invalid_request" }));
});

test("a long list of texts goes in several requests, whose answers become one", async () => {
  const input = Array.from({ length: 200 }, (_, at) => `text ${at}`);
  const upstream = await startUpstream(({ body }, response) => {
    const { texts } = JSON.parse(body) as { texts: string[] };
    const float = texts.map((text) => [Number(text.slice(5))]);
    json(response, { embeddings: { float }, meta: { billed_units: { input_tokens: texts.length } } });
  });
  const plane = await startTestPlane(`
providers: { cohere: { kind: cohere, apiKey: k, baseUrl: "${upstream.url}" } }
models: { m: { route: cohere/embed-v4.0 } }
`);
  const answer = await plane.chat({ input, messages: undefined }, { path: "/v1/embeddings" });
  const { data, usage } = (await answer.json()) as { data: { embedding: number[] }[]; usage: unknown };
  expect(data.map(({ embedding }) => embedding[0])).toEqual([...input.keys()]);
  expect(usage).toEqual({ prompt_tokens: 200, total_tokens: 200 });
  expect(upstream.received.map(({ body }) => JSON.parse(body).texts.length).sort()).toEqual([8, 96, 96]);
  await plane.stop();
  await upstream.close();
});

const answer = {
  id: "e",
  texts: ["a", "b"],
  embeddings: {
    float: [
      [0.25, -0.5],
      [1, 0],
    ],
  },
  meta: { api_version: { version: "2" }, billed_units: { input_tokens: 3, image_tokens: 0 } },
};

test("vectors come in OpenAI's list, as numbers or as base64 of floats", () => {
  expect(embeddings.decode(answer)).toEqual({
    object: "list",
    data: [
      { object: "embedding", index: 0, embedding: [0.25, -0.5] },
      { object: "embedding", index: 1, embedding: [1, 0] },
    ],
    model: "embed-v4.0",
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  const { data } = embeddings.decode(answer, { encoding_format: "base64" }) as { data: JsonObject[] };
  const bytes = Buffer.from(String(data[0]!.embedding), "base64");
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.25, -0.5]);
  expect(embeddings.complete(answer).usage).toMatchObject({ promptTokens: 3, completionTokens: 0 });
});

test("other types of number, older answers and answers without a count are read too", () => {
  expect(embeddings.decode({ embeddings: { int8: [[1, 2]] } }).data).toMatchObject([{ embedding: [1, 2] }]);
  expect(embeddings.decode({ embeddings: [[1, 2]] }).data).toMatchObject([{ embedding: [1, 2] }]);
  expect(embeddings.complete({ embeddings: [[1, 2]] }).usage).toBeUndefined();
});

test("what holds no embeddings is an error", () => {
  expect(() => embeddings.decode({ message: "no" })).toThrow(expect.objectContaining({ code: "upstream_error" }));
  for (const body of ["{}", "[]", "", '{"embeddings":{"float":[]}}']) {
    expect(() => embeddings.decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});
