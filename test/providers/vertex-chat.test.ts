import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { vertexAdapters } from "../../src/providers/vertex/adapters.ts";
import { hostOf } from "../../src/providers/vertex/places.ts";
import { complete, decode, encodeWith, fixture, hello, messageOf } from "./gemini-door.ts";
import { vertex } from "./vertex-door.ts";

const encode = (value: JsonObject) => encodeWith(vertex.chat, { messages: hello, ...value });
const base = "/projects/acme/locations/europe-west4";
const claude = "claude-sonnet-4-5@20250929";

describe("where a request goes", () => {
  test.each([
    ["gemini-2.5-flash", "publishers/google/models/gemini-2.5-flash:generateContent"],
    [claude, `publishers/anthropic/models/${claude}:rawPredict`],
    ["publishers/anthropic/models/claude-haiku-4-5", "publishers/anthropic/models/claude-haiku-4-5:rawPredict"],
    ["endpoints/12345", "endpoints/12345:generateContent"],
  ])("%s", (model, path) => {
    expect(encode({ model }).path).toBe(`${base}/${path}`);
  });

  test.each([
    ["gemini-2.5-flash", "streamGenerateContent?alt=sse"],
    [claude, "streamRawPredict"],
  ])("streams of %s", (model, method) => {
    expect(encode({ model, stream: true }).path).toMatch(new RegExp(`:${method.replace("?", "\\?")}$`));
  });

  test.each([
    ["global", "https://aiplatform.googleapis.com/v1"],
    ["europe-west4", "https://europe-west4-aiplatform.googleapis.com/v1"],
    ["eu", "https://aiplatform.eu.rep.googleapis.com/v1"],
  ])("the location %s is at %s", (location, host) => {
    expect(hostOf(location)).toBe(host);
  });

  test.each(["../../x", "claude/../../x", "endpoints/.."])("%s is no model", (model) => {
    expect(() => encode({ model })).toThrow(/no name of a model/);
  });
});

describe("Gemini at Vertex", () => {
  test("knows calls by their order, and tiers by their headers", () => {
    const messages = [
      { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c1", content: "x" },
    ];
    const { body, headers } = encode({ messages, service_tier: "flex" });
    expect(JSON.stringify(body)).not.toContain("c1");
    expect(body).not.toHaveProperty("serviceTier");
    expect(headers).toMatchObject({ "x-vertex-ai-llm-shared-request-type": "flex" });
    expect(encode({}).headers).not.toHaveProperty("x-vertex-ai-llm-shared-request-type");
  });

  test("answers as at AI Studio", () => {
    expect(messageOf(decode(fixture("text.json").toString(), {}, vertex.chat)).content).toMatch(/^Ein Kormoran/);
    const body = JSON.parse(fixture("text.json").toString());
    const served = { ...body, usageMetadata: { promptTokenCount: 1, trafficType: "PROVISIONED_THROUGHPUT" } };
    expect(decode(served, {}, vertex.chat).service_tier).toBe("scale");
  });
});

describe("Claude at Vertex", () => {
  test("is asked in Anthropic's words, without the model and with Vertex's version", () => {
    const { body, headers, dropped } = encode({
      model: claude,
      max_tokens: 10,
      seed: 1,
      betas: ["context-1m-2025-08-07"],
    });
    expect(body).toEqual({
      anthropic_version: "vertex-2023-10-16",
      max_tokens: 10,
      messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    });
    expect(headers["anthropic-beta"]).toBe("context-1m-2025-08-07");
    expect(headers).not.toHaveProperty("x-api-key");
    expect(dropped).toEqual(["seed"]);
  });

  test("keeps the operator's features beside the client's", () => {
    const { chat } = vertexAdapters({ project: "p", location: "global", headers: { "anthropic-beta": "a" } });
    expect(encodeWith(chat, { model: claude, messages: hello, betas: ["b"] }).headers["anthropic-beta"]).toBe("a,b");
  });

  test("answers in Anthropic's words", async () => {
    const answer = { id: "msg_1", content: [{ type: "text", text: "Hi" }], stop_reason: "end_turn" };
    expect(decode(answer, { model: claude }, vertex.chat)).toMatchObject({
      id: "msg_1",
      choices: [{ message: { content: "Hi" }, finish_reason: "stop" }],
    });
  });

  test("refuses in either form", () => {
    const refusal = (status: number, error: JsonObject) =>
      vertex.chat.decodeError(status, JSON.stringify({ error }), {}).code;
    expect(refusal(529, { type: "overloaded_error", message: "busy" })).toBe("upstream_overloaded");
    expect(refusal(429, { code: 429, status: "RESOURCE_EXHAUSTED", message: "quota" })).toBe("upstream_rate_limited");
    expect(refusal(403, { code: 403, status: "PERMISSION_DENIED", message: "no" })).toBe("upstream_auth");
    expect(vertex.chat.decodeError(404, '[{"error":{"code":404,"status":"NOT_FOUND"}}]', {}).code).toBe(
      "upstream_not_found",
    );
  });
});

describe("embeddings at Vertex", () => {
  const model = "text-embedding-005";
  const encodeTexts = (value: JsonObject) => encodeWith(vertex.embeddings, { model, ...value });
  const counted = (token_count?: number) => ({ embeddings: { values: [0.5, 1], statistics: { token_count } } });

  test("are instances of a prediction", () => {
    const { path, body, dropped } = encodeTexts({
      input: ["a", "b"],
      dimensions: 2,
      task_type: "RETRIEVAL_DOCUMENT",
      title: "T",
      auto_truncate: false,
      user: "u",
    });
    expect(path).toBe(`${base}/publishers/google/models/${model}:predict`);
    expect(body).toEqual({
      instances: ["a", "b"].map((content) => ({ content, task_type: "RETRIEVAL_DOCUMENT", title: "T" })),
      parameters: { autoTruncate: false, outputDimensionality: 2 },
    });
    expect(dropped).toEqual(["user"]);
    expect(encodeTexts({ input: "a" }).body).toEqual({ instances: [{ content: "a" }] });
  });

  test("are counted text by text; a missing count leaves the sum unknown", () => {
    const usage = (predictions: unknown[]) => complete({ predictions }, { model }, vertex.embeddings).usage;
    expect(usage([counted(3), counted(4)])).toMatchObject({ promptTokens: 7 });
    expect(usage([counted(3), counted()])).toBeUndefined();
  });

  test("that are missing are no answer", () => {
    expect(() => complete({ predictions: [{}] }, { model }, vertex.embeddings)).toThrow(/holds no embeddings/);
  });
});
