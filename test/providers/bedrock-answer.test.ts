import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { JSON_TOOL } from "../../src/providers/anthropic/json-tool.ts";
import { answerOf, CLAUDE, complete, decode, messageOf, NOVA } from "./bedrock-door.ts";

const schema = { type: "object", properties: { n: { type: "integer" } } };
const wantsJson = { model: NOVA, response_format: { type: "json_schema", json_schema: { name: "count", schema } } };
const choiceOf = (answer: JsonObject) => (answer.choices as JsonObject[])[0]!;
const use = (name: string, input: unknown, id = "a") => ({ toolUse: { toolUseId: id, name, input } });

describe("an answer", () => {
  test("is OpenAI's chat completion", () => {
    const usage = {
      inputTokens: 3,
      outputTokens: 4,
      totalTokens: 14,
      cacheReadInputTokens: 5,
      cacheWriteInputTokens: 2,
    };
    const rest = { usage, serviceTier: { type: "default" }, metrics: { latencyMs: 5 } };
    expect(decode(answerOf([{ text: "Hello " }, { text: "there" }], rest), { model: NOVA })).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_800_000_000,
      model: NOVA,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello there", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      service_tier: "default",
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  test("without usage has none", () => {
    const { usage, body } = complete(answerOf([{ text: "Hi" }]));
    expect(usage).toBeUndefined();
    expect(JSON.parse(String(body))).not.toHaveProperty("usage");
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["guardrail_intervened", "content_filter"],
    ["content_filtered", "content_filter"],
    ["something_new", "stop"],
  ])("that ended with %s finished with %s", (stopReason, finish) => {
    expect(choiceOf(decode(answerOf([{ text: "Hi" }], { stopReason }))).finish_reason).toBe(finish);
  });

  test.each(["malformed_model_output", "malformed_tool_use"])("that ended with %s is none", (stopReason) => {
    expect(() => decode(answerOf([{ text: "Hi" }], { stopReason }))).toThrow(
      expect.objectContaining({ code: "upstream_invalid_response" }),
    );
  });

  test.each(["", "[]", "{}", '{"output":{}}', "<html>"])("is not %s", (body) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  });

  test("calls tools, with every digit of a number", () => {
    const body = JSON.stringify(answerOf([use("f", { id: 0 })], { stopReason: "tool_use" }));
    const { message, finish_reason } = choiceOf(decode(body.replace('"id":0', '"id":12345678901234567890'))) as {
      message: JsonObject;
      finish_reason: string;
    };
    expect(finish_reason).toBe("tool_calls");
    expect(message).toEqual({
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: '{"id":12345678901234567890}' } }],
    });
  });

  test("keeps Bedrock's own tools to itself", () => {
    const server = { toolUse: { toolUseId: "s", name: "nova_grounding", input: {}, type: "server_tool_use" } };
    const result = { toolResult: { toolUseId: "s", content: [] } };
    expect(messageOf(decode(answerOf([server, result, { text: "Found." }])))).toEqual({
      role: "assistant",
      content: "Found.",
      refusal: null,
    });
  });

  test("tells its thoughts, and gives what has to come back", () => {
    const thoughts = [
      { reasoningContent: { reasoningText: { text: "Hm. ", signature: "SIG" } } },
      { reasoningContent: { redactedContent: "AAEC" } },
      { reasoningContent: { reasoningText: { text: "Unsigned." } } },
    ];
    expect(messageOf(decode(answerOf([...thoughts, { text: "Yes." }])))).toMatchObject({
      content: "Yes.",
      reasoning_content: "Hm. Unsigned.",
      thinking_blocks: [
        { type: "thinking", thinking: "Hm. ", signature: "SIG" },
        { type: "redacted_thinking", data: "AAEC" },
      ],
    });
  });

  test("names its sources, in OpenAI's form where they have an address", () => {
    const web = { title: "A page", location: { web: { url: "https://example.com/a", domain: "example.com" } } };
    const document = { title: "Report", location: { documentPage: { documentIndex: 0, start: 1, end: 2 } } };
    const cited = { citationsContent: { content: [{ text: "is so" }], citations: [web, document] } };
    expect(messageOf(decode(answerOf([{ text: "It " }, cited, { text: "." }])))).toMatchObject({
      content: "It is so.",
      annotations: [
        {
          type: "url_citation",
          url_citation: { start_index: 3, end_index: 8, url: "https://example.com/a", title: "A page" },
        },
      ],
      citations: [web, document],
    });
  });

  test("keeps what a client asked for in Converse's own fields", () => {
    const asked = { trace: { guardrail: { x: 1 } }, additionalModelResponseFields: { stop_sequence: "END" } };
    expect(decode(answerOf([{ text: "Hi" }], asked))).toMatchObject(asked);
  });
});

describe("a JSON answer that came as a tool call", () => {
  test("is the message's content", () => {
    const answer = decode(
      answerOf([{ text: "Here:" }, use(JSON_TOOL, { n: 3 })], { stopReason: "tool_use" }),
      wantsJson,
    );
    expect(messageOf(answer)).toEqual({ role: "assistant", content: '{"n":3}', refusal: null });
    expect(choiceOf(answer).finish_reason).toBe("stop");
  });

  test("stays a call where nobody asked for JSON, or the model has its own way", () => {
    const called = answerOf([use(JSON_TOOL, { n: 3 })], { stopReason: "tool_use" });
    expect(messageOf(decode(called, { model: NOVA })).tool_calls).toHaveLength(1);
    expect(messageOf(decode(called, { ...wantsJson, model: CLAUDE })).tool_calls).toHaveLength(1);
  });

  test("may be put off by a call of the client's tools", () => {
    const tools = [{ type: "function", function: { name: "look" } }];
    const called = answerOf([{ text: "First:" }, use("look", {})], { stopReason: "tool_use" });
    const answer = decode(called, { ...wantsJson, tools });
    expect(messageOf(answer)).toMatchObject({ content: "First:", tool_calls: [{ function: { name: "look" } }] });
    expect(choiceOf(answer).finish_reason).toBe("tool_calls");
  });

  test("is text where a guardrail spoke instead", () => {
    const blocked = answerOf([{ text: "Not this." }], { stopReason: "guardrail_intervened" });
    const answer = decode(blocked, wantsJson);
    expect(messageOf(answer).content).toBe("Not this.");
    expect(choiceOf(answer).finish_reason).toBe("content_filter");
  });
});

test("Claude's answer by InvokeModel is one of the Messages API", () => {
  const message = {
    id: "msg_bdrk_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [{ type: "text", text: "Hi" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 1, output_tokens: 2 },
  };
  const answer = decode(message, { model: CLAUDE }, { api: "invoke" });
  expect(answer).toMatchObject({ id: "msg_bdrk_1", usage: { total_tokens: 3 } });
  expect(messageOf(answer).content).toBe("Hi");
});
