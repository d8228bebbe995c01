import { expect, test } from "vitest";
import { rerank } from "./cohere-door.ts";

test("documents go as text: an object's text, or its fields as lines", () => {
  const documents = ["plain", { text: "its text", title: "t" }, { title: "Birds", pages: 30 }];
  const { path, body, dropped } = rerank.encode({
    documents,
    top_n: 2,
    return_documents: true,
    max_tokens_per_doc: 99,
  });
  expect(path).toBe("/v2/rerank");
  expect(body).toEqual({
    model: "rerank-v4.0",
    query: "Who?",
    documents: ["plain", "its text", "title: Birds\npages: 30"],
    top_n: 2,
    max_tokens_per_doc: 99,
  });
  expect(dropped).toEqual([]);
});

test("rank fields choose what is read of a document; what version 2 does not know is named", () => {
  const documents = [{ text: "x", title: "Birds", author: "Ann" }];
  const asked = { documents, rank_fields: ["title", "author"], max_chunks_per_doc: 3, top_n: null };
  expect(rerank.encode(asked)).toMatchObject({
    body: { documents: ["title: Birds\nauthor: Ann"] },
    dropped: ["max_chunks_per_doc"],
  });
  expect(rerank.encode(asked).body).not.toHaveProperty("top_n");
});

const answer = {
  id: "r",
  results: [
    { index: 1, relevance_score: 0.9 },
    { index: 0, relevance_score: 0.2 },
  ],
  meta: { api_version: { version: "2" }, billed_units: { search_units: 1 } },
};

test("an answer keeps its bytes, and has no tokens where only searches are counted", () => {
  const body = `${JSON.stringify(answer)} `;
  expect(rerank.complete(body)).toMatchObject({ usage: undefined });
  expect(String(rerank.complete(body).body)).toBe(body);
});

test("documents come back to whoever wants them, as they were sent", () => {
  const documents = ["plain", { text: "its text", title: "t" }];
  expect(rerank.decode(answer, { documents, return_documents: true })).toEqual({
    ...answer,
    results: [
      { index: 1, relevance_score: 0.9, document: { text: "its text", title: "t" } },
      { index: 0, relevance_score: 0.2, document: { text: "plain" } },
    ],
  });
});

test("tokens are counted where they are told", () => {
  const told = { ...answer, meta: { tokens: { input_tokens: 40, output_tokens: 0 } } };
  expect(rerank.complete(told).usage).toMatchObject({ promptTokens: 40, completionTokens: 0 });
});

test("what holds no results is an error", () => {
  for (const body of ["{}", "[]", "", '{"results":1}']) {
    expect(() => rerank.decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});
