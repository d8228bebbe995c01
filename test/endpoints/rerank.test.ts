import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let provider: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  provider = await startUpstream();
  plane = await startTestPlane(`
providers:
  own: { kind: openai-compatible, baseUrl: "${provider.url}/v1" }
  cohere: { kind: cohere, apiKey: k, baseUrl: "${provider.url}" }
  demo: { kind: demo }
models:
  own: { route: own/bge-reranker }
  cohere: { route: cohere/rerank-v4.0 }
  demo: { route: demo/demo }
`);
});
afterAll(async () => {
  await plane.stop();
  await provider.close();
});
beforeEach(() => {
  provider.received.length = 0;
});

const ANSWER = {
  id: "r",
  results: [
    { index: 1, relevance_score: 0.9 },
    { index: 0, relevance_score: 0.1 },
  ],
};

function rerank(fields: object): Promise<Response> {
  return fetch(`${plane.url}/v1/rerank`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "own", query: "Who?", documents: ["a", "b"], ...fields }),
  });
}

test("a server of one's own gets the request and its answer comes back, byte by byte", async () => {
  const body = `{"id":"r", "results":[{"index":1,"relevance_score":0.90}],"usage":{"total_tokens":7}}`;
  provider.answer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  const before = await plane.metric("gatehouse_tokens_total");
  const answer = await rerank({ top_n: 1 });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe(body);
  expect(provider.received[0]).toMatchObject({ path: "/v1/rerank", method: "POST" });
  expect(JSON.parse(provider.received[0]!.body)).toEqual({
    model: "bge-reranker",
    query: "Who?",
    documents: ["a", "b"],
    top_n: 1,
  });
  expect(await plane.metric("gatehouse_tokens_total")).toBe(before + 7);
});

test("Cohere ranks at its version 2, and the documents come back with the ranking", async () => {
  provider.answer((_, response) => json(response, ANSWER));
  const answer = await rerank({ model: "cohere", return_documents: true });
  expect(await answer.json()).toEqual({
    id: "r",
    results: [
      { index: 1, relevance_score: 0.9, document: { text: "b" } },
      { index: 0, relevance_score: 0.1, document: { text: "a" } },
    ],
  });
  expect(provider.received[0]!.path).toBe("/v2/rerank");
});

test("what cannot be honoured is named", async () => {
  provider.answer((_, response) => json(response, ANSWER));
  const answer = await rerank({ model: "cohere", max_chunks_per_doc: 3 });
  expect(answer.headers.get("x-gatehouse-dropped")).toBe("max_chunks_per_doc");
});

test.each([
  [{ query: undefined }, "query"],
  [{ query: 3 }, "query"],
  [{ documents: undefined }, "documents"],
  [{ documents: "a" }, "documents"],
  [{ documents: [] }, "documents"],
  [{ documents: ["a", 3] }, "documents[1]"],
  [{ top_n: 0 }, "top_n"],
  [{ model: undefined }, "model"],
])("%j is refused for its %s", async (fields, param) => {
  const answer = await rerank(fields);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { param, type: "invalid_request_error" } });
  expect(provider.received).toEqual([]);
});

test("an answer without a ranking is the provider's fault, an error it tells is told", async () => {
  provider.answer((_, response) => json(response, { scores: [1] }));
  expect((await rerank({})).status).toBe(502);
  provider.answer((_, response) => json(response, { error: { message: "slow down" } }, 429));
  expect((await rerank({})).status).toBe(429);
});

test("a provider that ranks nothing says so", async () => {
  const answer = await rerank({ model: "demo" });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: "unsupported" } });
});
