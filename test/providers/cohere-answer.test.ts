import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { chat, MODEL } from "./cohere-door.ts";
import { choiceOf, fixture, jsonFixture, messageOf, NOW } from "./wire-door.ts";

const decoded = (name: string) => chat.decode(jsonFixture(`cohere/${name}.json`));

test("text is an answer of one choice; what the model read counts, what is billed stands beside it", () => {
  expect(decoded("text")).toEqual({
    id: "c-text",
    object: "chat.completion",
    created: NOW / 1000,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Cormorants dive to 30 m.", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 205,
      completion_tokens: 9,
      total_tokens: 214,
      prompt_tokens_details: { cached_tokens: 192, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
      billed_units: { input_tokens: 5, output_tokens: 8 },
    },
  });
  expect(chat.complete(jsonFixture("cohere/text.json")).usage).toMatchObject({ promptTokens: 205, cachedTokens: 192 });
});

test("a plan has a field of its own; calls keep ids, order and arguments, and none are an empty object", () => {
  expect(choiceOf(decoded("tools"))).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: null,
      tool_plan: "I will look at the forecast and the clock.",
      tool_calls: [
        { id: "forecast_ab12", function: { name: "forecast", arguments: '{"city":"Oslo","id":12345678901234567890}' } },
        { id: "now_cd34", type: "function", function: { name: "now", arguments: "{}" } },
      ],
    },
  });
});

test("thoughts are readable, and log-probabilities are told by pieces of text", () => {
  const { message, logprobs, finish_reason } = choiceOf(decoded("thinking"));
  expect(message).toMatchObject({ content: "42.", reasoning_content: "Seven times six." });
  expect(finish_reason).toBe("length");
  expect(logprobs).toEqual({
    content: [
      { token: "42", logprob: -0.75, bytes: [52, 50], top_logprobs: [] },
      { token: ".", logprob: -1, bytes: [46], top_logprobs: [] },
    ],
    refusal: null,
  });
});

test("sources with a URL are annotations; all of them stand beside the text as Cohere wrote them", () => {
  const message = messageOf(decoded("citations")) as { content: string; annotations: JsonObject[]; citations: unknown };
  expect(message.annotations).toEqual([
    {
      type: "url_citation",
      url_citation: { start_index: 13, end_index: 17, url: "https://birds.example/cormorant", title: "Cormorants" },
    },
  ]);
  expect(message.content.slice(13, 17)).toBe("30 m");
  expect(message.citations).toEqual(messageOf({ choices: [jsonFixture("cohere/citations.json")] }).citations);
});

test.each([
  ["COMPLETE", "stop"],
  ["STOP_SEQUENCE", "stop"],
  ["MAX_TOKENS", "length"],
  ["TOOL_CALL", "tool_calls"],
  ["ERROR_TOXIC", "content_filter"],
  ["REASON_OF_2030", "stop"],
  [undefined, "stop"],
])("finish reason %s is %s", (finish_reason, expected) => {
  expect(choiceOf(chat.decode({ ...jsonFixture("cohere/text.json"), finish_reason })).finish_reason).toBe(expected);
});

test("an answer that Cohere calls broken, an error under 200, and anything else that is no answer, are errors", () => {
  for (const finish_reason of ["ERROR", "TIMEOUT"]) {
    const broken = { ...jsonFixture("cohere/text.json"), finish_reason };
    expect(() => chat.decode(broken)).toThrow(expect.objectContaining({ code: "upstream_error" }));
  }
  expect(() => chat.decode({ id: "e", message: "internal" })).toThrow(
    expect.objectContaining({ code: "upstream_error" }),
  );
  for (const body of ["<html>", "", "[]", "{}"]) {
    expect(() => chat.decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});

const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check of Cohere's fixtures");
const schemas = specification === undefined ? undefined : loadSchemas(specification);

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test.each(["text", "thinking", "tools", "citations"])("in the answer and the stream %s", async (name) => {
    expect(schemas!("CreateChatCompletionResponse", decoded(name))).toEqual([]);
    const { chunks } = await chat.stream([fixture(`cohere/${name}.sse`)]);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
  });
});
