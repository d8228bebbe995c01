import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { ollama } from "../../src/providers/ollama.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { adapters, chat, embeddings } from "./ollama-door.ts";
import { choiceOf, doorTo, fixture, jsonFixture, messageOf, NOW } from "./wire-door.ts";

test("text is an answer of one choice, made when Ollama says it was", () => {
  expect(chat.decode(jsonFixture("ollama/text.json"))).toEqual({
    id: "chatcmpl-made-up",
    object: "chat.completion",
    created: Date.parse("2025-03-01T10:00:00Z") / 1000,
    model: "llama3.2",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Grüße vom Kormoran.", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 7,
      total_tokens: 19,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  });
});

test("calls end an answer, their arguments are text that keeps long numbers, ids are made up where there are none", () => {
  expect(choiceOf(chat.decode(fixture("ollama/tools.json").toString()))).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: null,
      reasoning_content: "I should look.",
      tool_calls: [
        { id: "call_a", function: { name: "forecast", arguments: '{"city":"Oslo","id":12345678901234567890}' } },
        { id: "call_made-up", type: "function", function: { name: "now", arguments: "{}" } },
      ],
    },
  });
});

test("made-up ids differ", () => {
  const door = doorTo(ollama().chat, { model: "m", messages: [] });
  const calls = [1, 2, 3].map(() => ({ function: { name: "f", arguments: {} } }));
  const { tool_calls } = messageOf(door.decode({ message: { tool_calls: calls }, done: true }));
  expect(new Set((tool_calls as JsonObject[]).map(({ id }) => id)).size).toBe(3);
});

test("what is not told is taken as nothing, and as now", () => {
  const answer = chat.decode({ message: { content: "a" }, done: true, done_reason: "length" });
  expect(answer).toMatchObject({ created: NOW / 1000, model: "llama3.2", choices: [{ finish_reason: "length" }] });
  expect(answer).not.toHaveProperty("usage");
  expect(chat.complete({ message: {}, eval_count: 3 }).usage).toMatchObject({ promptTokens: 0, completionTokens: 3 });
});

test("vectors come in OpenAI's list, as numbers or as base64 of floats", () => {
  const answer = { model: "n", embeddings: [[0.25, -0.5]], prompt_eval_count: 9 };
  expect(embeddings.decode(answer)).toEqual({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }],
    model: "nomic-embed-text",
    usage: { prompt_tokens: 9, total_tokens: 9 },
  });
  const { data } = embeddings.decode(answer, { encoding_format: "base64" }) as { data: JsonObject[] };
  expect(Buffer.from(String(data[0]!.embedding), "base64").readFloatLE(4)).toBe(-0.5);
  expect(() => embeddings.decode("{}")).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  expect(() => embeddings.decode({ error: "no" })).toThrow(expect.objectContaining({ code: "upstream_error" }));
});

test("an error under 200, and anything else that is no answer, is an error", () => {
  expect(() => chat.decode({ error: "boom" })).toThrow(expect.objectContaining({ code: "upstream_error" }));
  for (const body of ["<html>", "", "[]", "{}"]) {
    expect(() => chat.decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});

test.each<[number, unknown, string]>([
  [404, "model 'nonesuch' not found", "upstream_not_found"],
  [400, "registry.ollama.ai/library/llama3:latest does not support tools", "unsupported"],
  [400, '"llama3" does not support thinking', "unsupported"],
  [400, "prompt too long; exceeded max context length by 9 tokens", "context_length_exceeded"],
  [500, "the input length exceeds the context length", "context_length_exceeded"],
  [400, "invalid options", "upstream_invalid_request"],
  [400, { message: "bad", type: "invalid_request_error" }, "upstream_invalid_request"],
  [401, "unauthorized", "upstream_auth"],
  [500, "model requires more system memory (9 GiB) than is available", "upstream_error"],
  [503, "server busy, please try again. maximum pending requests exceeded", "upstream_overloaded"],
])("status %i with %j is %s", (status, error, code) => {
  expect(adapters.chat.decodeError(status, JSON.stringify({ error }), {})).toMatchObject({
    code,
    details: { providerStatus: status },
  });
});

test("what the model cannot do is told in Ollama's words, and another target may be asked", () => {
  const error = adapters.chat.decodeError(400, '{"error":"\\"llama3\\" does not support thinking"}', {});
  expect(error).toMatchObject({ message: '"llama3" does not support thinking', elsewhere: true });
  expect(adapters.chat.decodeError(502, "<html>10.0.0.7</html>", {}).message).not.toContain("10.0.0.7");
});

const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check of Ollama's fixtures");
const schemas = specification === undefined ? undefined : loadSchemas(specification);

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test.each(["text", "tools"])("in the answer %s", (name) => {
    expect(schemas!("CreateChatCompletionResponse", chat.decode(jsonFixture(`ollama/${name}.json`)))).toEqual([]);
  });

  test.each(["text", "tools", "logprobs"])("in the stream %s", async (name) => {
    const { chunks } = await chat.stream([fixture(`ollama/${name}.ndjson`)]);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
  });
});
