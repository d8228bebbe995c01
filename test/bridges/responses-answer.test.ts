import { describe, expect, it, test } from "vitest";
import { unseal } from "../../src/protocol/responses.ts";
import { chatAnswer, decode, outputOf } from "./responses-door.ts";

describe("a chat's answer as a Response", () => {
  it("has words, usage, and an echo of what was asked", () => {
    const response = decode(chatAnswer({ content: "Hello." }, {}, { service_tier: "default" }), {
      instructions: "be kind",
      max_output_tokens: 9,
      metadata: { a: "b" },
      previous_response_id: "resp_before",
      tools: [{ type: "function", name: "f" }],
    });
    expect(response).toMatchObject({
      object: "response",
      created_at: 1,
      status: "completed",
      error: null,
      incomplete_details: null,
      instructions: "be kind",
      max_output_tokens: 9,
      metadata: { a: "b" },
      model: "answered",
      previous_response_id: "resp_before",
      service_tier: "default",
      store: true,
      text: { format: { type: "text" }, verbosity: "medium" },
      tool_choice: "auto",
      tools: [{ type: "function", name: "f", parameters: null, strict: false }],
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 12,
      },
    });
    expect(response.id).toMatch(/^resp_gate[0-9a-f]{32}$/);
    const content = [{ type: "output_text", text: "Hello.", annotations: [], logprobs: [] }];
    expect(response.output).toEqual([
      { id: expect.stringMatching(/^msg_gate/), type: "message", status: "completed", role: "assistant", content },
    ]);
  });

  it("tells thoughts first, then words, then calls", () => {
    const blocks = [{ type: "thinking", thinking: "hm", signature: "s" }];
    const calls = [
      { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' }, extra_content: { google: {} } },
      { id: "c2", type: "custom", custom: { name: "run", input: "1 + 1" } },
    ];
    const message = { content: "I look.", reasoning_content: "hm", thinking_blocks: blocks, tool_calls: calls };
    const [thought, words, call, custom] = outputOf(decode(chatAnswer(message, { finish_reason: "tool_calls" })));
    expect(thought).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] });
    expect(unseal(thought!.encrypted_content)).toEqual({
      thinking_blocks: blocks,
      calls: { c1: { extra_content: { google: {} } } },
    });
    expect(words).toMatchObject({ type: "message", content: [{ text: "I look." }] });
    expect(call).toMatchObject({ type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' });
    expect(call!.id).toMatch(/^fc_/);
    expect(custom).toMatchObject({ type: "custom_tool_call", call_id: "c2", name: "run", input: "1 + 1" });
  });

  test.each([
    ["length", "incomplete", { reason: "max_output_tokens" }],
    ["content_filter", "incomplete", { reason: "content_filter" }],
    ["stop", "completed", null],
    ["tool_calls", "completed", null],
  ])("that ended with %s is %s", (finish_reason, status, incomplete_details) => {
    expect(decode(chatAnswer({ content: "x" }, { finish_reason }))).toMatchObject({ status, incomplete_details });
  });

  it("keeps a refusal, sources and logprobs", () => {
    const citation = {
      type: "url_citation",
      url_citation: { url: "https://a.example", title: "A", start_index: 0, end_index: 2 },
    };
    const logprobs = {
      content: [
        { token: "Hi", logprob: -0.1, bytes: null, top_logprobs: [{ token: "Hi", logprob: -0.1, bytes: [72] }] },
      ],
    };
    const [message] = outputOf(decode(chatAnswer({ content: "Hi", annotations: [citation] }, { logprobs })));
    expect(message!.content).toEqual([
      {
        type: "output_text",
        text: "Hi",
        annotations: [{ type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 2 }],
        logprobs: [
          { token: "Hi", logprob: -0.1, bytes: [], top_logprobs: [{ token: "Hi", logprob: -0.1, bytes: [72] }] },
        ],
      },
    ]);
    const [refused] = outputOf(decode(chatAnswer({ content: null, refusal: "No." })));
    expect(refused!.content).toEqual([{ type: "refusal", refusal: "No." }]);
  });

  it("that spent everything on thought has no message, and one that says nothing an empty one", () => {
    const thinking = decode(chatAnswer({ content: "", reasoning_content: "hm" }, { finish_reason: "length" }));
    expect(outputOf(thinking).map(({ type }) => type)).toEqual(["reasoning"]);
    expect(outputOf(decode(chatAnswer({ content: "" })))).toMatchObject([{ type: "message", content: [{ text: "" }] }]);
  });

  it("is an error when there is no choice in it", () => {
    expect(() => decode({ object: "chat.completion", choices: [] })).toThrow(
      expect.objectContaining({ code: "upstream_invalid_response" }),
    );
  });
});
