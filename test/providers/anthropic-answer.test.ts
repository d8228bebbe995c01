import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { complete, decode, jsonFixture, NOW } from "./anthropic-door.ts";

function choiceIn(answer: JsonObject): JsonObject {
  return (answer.choices as JsonObject[])[0]!;
}

test("text is an answer of one choice, its usage in OpenAI's accounting", () => {
  const content = "Ein Kormoran taucht bis zu 30 Meter tief – à la carte 🐦.\n\nMehr?";
  expect(decode(jsonFixture("text.json"))).toEqual({
    id: "msg_text",
    object: "chat.completion",
    created: NOW / 1000,
    model: "claude-haiku-4-5-20251001",
    choices: [
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    service_tier: "default",
    usage: {
      prompt_tokens: 1028,
      completion_tokens: 18,
      total_tokens: 1046,
      prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  });
  expect(complete(jsonFixture("text.json")).usage).toEqual({
    promptTokens: 1028,
    completionTokens: 18,
    cachedTokens: 1000,
    cacheWriteTokens: 7,
    reasoningTokens: 0,
  });
});

test("tool calls keep ids and order, their arguments are text", () => {
  const choice = choiceIn(decode(jsonFixture("tools.json")));
  const { content, tool_calls } = choice.message as {
    content: string;
    tool_calls: { function: { arguments: string } }[];
  };
  expect(choice.finish_reason).toBe("tool_calls");
  expect(content).toBe("I will look.");
  expect(tool_calls).toMatchObject([
    { id: "toolu_1", type: "function", function: { name: "forecast" } },
    { id: "toolu_2", type: "function", function: { name: "now", arguments: "{}" } },
  ]);
  expect(JSON.parse(tool_calls[0]!.function.arguments)).toEqual({
    city: "Oslo Øst",
    days: [1, 2.5],
    note: '"quoted" \\ back',
  });
});

test("an answer of tool calls alone has no content", () => {
  const { content } = jsonFixture("tools.json") as { content: JsonObject[] };
  const only = { ...jsonFixture("tools.json"), content: content.slice(1) };
  expect(choiceIn(decode(only)).message).toMatchObject({ content: null, tool_calls: [{}, {}] });
});

test("numbers longer than a double survive in arguments", () => {
  const body = '{"content":[{"type":"tool_use","id":"t","name":"f","input":{"id":1234567890123456789,"share":0.5}}]}';
  expect(choiceIn(decode(body)).message).toMatchObject({
    tool_calls: [{ function: { arguments: '{"id":1234567890123456789,"share":0.5}' } }],
  });
});

test("thoughts are readable, and come with what the next request has to bring back", () => {
  const answer = decode(jsonFixture("thinking.json"));
  const { content } = jsonFixture("thinking.json") as { content: JsonObject[] };
  expect(choiceIn(answer).message).toMatchObject({
    content: "One moment.",
    reasoning_content: content[0]!.thinking,
    thinking_blocks: content.slice(0, 2),
  });
  expect(answer.usage).toMatchObject({ completion_tokens: 77, completion_tokens_details: { reasoning_tokens: 40 } });
});

test("server tools are not the client's; their sources are", () => {
  const choice = choiceIn(decode(jsonFixture("citations.json")));
  const message = choice.message as { content: string; annotations: JsonObject[]; citations: JsonObject[] };
  expect(choice.finish_reason).toBe("stop");
  expect(message).not.toHaveProperty("tool_calls");
  expect(message.content).toBe("Let me search. They dive to 30 m under a blue sky.");
  expect(message.annotations).toEqual([
    {
      type: "url_citation",
      url_citation: { start_index: 15, end_index: 32, url: "https://birds.example/cormorant", title: "Cormorants" },
    },
  ]);
  expect(message.content.slice(15, 32)).toBe("They dive to 30 m");
  expect(message.citations).toMatchObject([{ type: "web_search_result_location" }, { type: "char_location" }]);
});

test("a refusal is a content filter, and tells what Anthropic told", () => {
  expect(choiceIn(decode(jsonFixture("refusal.json")))).toMatchObject({
    finish_reason: "content_filter",
    message: { content: "", refusal: null },
    stop_details: { category: "cyber", explanation: "This request was declined." },
  });
});

test.each([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
  ["reason_of_2030", "stop"],
  [null, "stop"],
])("stop reason %s is %s", (stop_reason, expected) => {
  expect(choiceIn(decode({ ...jsonFixture("text.json"), stop_reason })).finish_reason).toBe(expected);
});

test("servers of other makers may leave out what they like but the content", () => {
  expect(decode({ content: [{ type: "text", text: "hi" }] }, { model: "glm" })).toMatchObject({
    id: expect.any(String),
    model: "glm",
    choices: [{ message: { content: "hi" }, finish_reason: "stop" }],
  });
});

test("an error under 200, and anything else that is no answer, is an error", () => {
  const busy = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  expect(() => decode(busy)).toThrow(expect.objectContaining({ code: "upstream_overloaded" }));
  for (const body of ["<html>", "", "[]", "{}", '{"content":"text"}']) {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  }
});
