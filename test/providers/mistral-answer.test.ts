import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { chat, embeddings, moderations } from "./mistral-door.ts";
import { choiceOf, fixture, jsonFixture, messageOf } from "./wire-door.ts";

test("an answer of text keeps every byte; its usage is read", () => {
  const { body, usage } = chat.complete(fixture("mistral/text.json").toString());
  expect(body).toEqual(fixture("mistral/text.json"));
  expect(usage).toEqual({
    promptTokens: 12,
    completionTokens: 8,
    cachedTokens: 4,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  });
});

test("thoughts have a field of their own, and the text is one", () => {
  expect(messageOf(chat.decode(jsonFixture("mistral/thinking.json")))).toEqual({
    role: "assistant",
    tool_calls: null,
    content: "It is 42.",
    reasoning_content: "Seven times six.",
    citations: [{ type: "reference", reference_ids: [2] }],
  });
});

test("every call has an id, and arguments that are text", () => {
  const calls = messageOf(chat.decode(jsonFixture("mistral/tools.json"))).tool_calls as JsonObject[];
  expect(calls).toEqual([
    { id: "Caf7Pyrd8", type: "function", function: { name: "forecast", arguments: '{"city": "Oslo"}' }, index: 0 },
    {
      id: expect.stringMatching(/^[a-zA-Z0-9]{9}$/),
      type: "function",
      function: { name: "now", arguments: "{}" },
      index: 1,
    },
  ]);
});

test("an answer that filled the model's context was cut off; one that broke is an error", () => {
  const ended = (finish_reason: string) => {
    const { choices, ...rest } = jsonFixture("mistral/text.json") as { choices: JsonObject[] };
    return { ...rest, choices: [{ ...choices[0], finish_reason }] };
  };
  expect(choiceOf(chat.decode(ended("model_length"))).finish_reason).toBe("length");
  expect(() => chat.decode(ended("error"))).toThrow(expect.objectContaining({ code: "upstream_error" }));
});

test("an error under 200, and anything else that is no answer, is an error", () => {
  const limited = { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300" };
  expect(() => chat.decode(limited)).toThrow(expect.objectContaining({ code: "upstream_rate_limited" }));
  for (const body of ["<html>", "", "[]", "{}", '{"choices":"none"}']) {
    expect(() => chat.decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});

test("embeddings pass as they came", () => {
  const body =
    '{"object":"list","data":[{"object":"embedding","embedding":[0.10,2],"index":0}],"model":"mistral-embed","usage":{"prompt_tokens":3,"total_tokens":3}}';
  const answer = embeddings.complete(body);
  expect(String(answer.body)).toBe(body);
  expect(answer.usage).toMatchObject({ promptTokens: 3 });
});

test("a moderation tells whether anything is amiss, as OpenAI's do", () => {
  const results = [
    { categories: { pii: false, law: true }, category_scores: { pii: 0.1, law: 0.9 } },
    { categories: { pii: false, law: false }, category_scores: { pii: 0.1, law: 0.2 } },
  ];
  expect(moderations.decode({ id: "m", model: "mistral-moderation-latest", results }).results).toMatchObject([
    { flagged: true, ...results[0] },
    { flagged: false, ...results[1] },
  ]);
  expect(() => moderations.decode({ detail: "no" })).toThrow(expect.objectContaining({ code: "upstream_error" }));
  expect(() => moderations.decode("{}")).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
});

const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check of Mistral's fixtures");
const schemas = specification === undefined ? undefined : loadSchemas(specification);

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test.each(["text", "thinking", "tools"])("in the answer %s", (name) => {
    expect(schemas!("CreateChatCompletionResponse", chat.decode(jsonFixture(`mistral/${name}.json`)))).toEqual([]);
  });

  test.each(["thinking", "tools"])("in the stream %s", async (name) => {
    const { chunks } = await chat.stream([fixture(`mistral/${name}.sse`)]);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
  });
});
