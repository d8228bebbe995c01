import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { fromChat, fromCompletion, MARK, textFromCompletion } from "./messages-door.ts";

const call = (id: string, text: string) => ({ id, type: "function", function: { name: "weather", arguments: text } });

describe("a whole answer", () => {
  test("text becomes one block, and the frame around it Anthropic's", () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 50 },
      completion_tokens_details: { reasoning_tokens: 7 },
    };
    expect(fromChat({ content: "Hi" }, { usage, service_tier: "default" })).toEqual({
      id: "chatcmpl-1",
      type: "message",
      role: "assistant",
      model: "gpt-x",
      content: [{ type: "text", text: "Hi" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 20,
        cache_creation_input_tokens: 50,
        cache_read_input_tokens: 30,
        output_tokens: 20,
        output_tokens_details: { thinking_tokens: 7 },
        service_tier: "standard",
      },
    });
  });

  test("thoughts come first, then text, then calls with their input read", () => {
    const { content, stop_reason } = fromChat(
      {
        content: "Let me see.",
        reasoning_content: "Hm.",
        tool_calls: [call("call_1", '{"city":"Oslo"}'), call("c2", "")],
      },
      { finish_reason: "tool_calls" },
    );
    expect(content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: MARK },
      { type: "text", text: "Let me see." },
      { type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } },
      { type: "tool_use", id: "c2", name: "weather", input: {} },
    ]);
    expect(stop_reason).toBe("tool_use");
  });

  test("signed thoughts come as they were signed", () => {
    const blocks = [
      { type: "thinking", thinking: "Hm.", signature: "sig" },
      { type: "redacted_thinking", data: "ZGF0YQ==" },
    ];
    const { content } = fromChat({ content: "Yes.", reasoning_content: "Hm.", thinking_blocks: blocks });
    expect(content).toEqual([...blocks, { type: "text", text: "Yes." }]);
  });

  test("`reasoning`, as some servers call it, is thinking too", () => {
    expect(fromChat({ content: "", reasoning: "Hm." }).content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: MARK },
    ]);
  });

  test.each([
    ["stop", {}, "end_turn"],
    ["length", {}, "max_tokens"],
    ["content_filter", {}, "refusal"],
    ["stop", { tool_calls: [call("c", "{}")] }, "tool_use"],
    ["function_call", {}, "tool_use"],
    ["unheard of", {}, "end_turn"],
  ])("finish reason %s with %j is %s", (finish_reason, said, expected) => {
    expect(fromChat({ content: "x", ...said }, { finish_reason }).stop_reason).toBe(expected);
  });

  test("a stop sequence is named where the server tells which it was", () => {
    const asked = { stop_sequences: ["END"] };
    const told = { choices: [{ message: { content: "x" }, finish_reason: "stop", stop_reason: "END" }] };
    expect(fromCompletion(told, asked)).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    expect(fromCompletion(told)).toMatchObject({ stop_reason: "end_turn", stop_sequence: null });
  });

  test("a refusal is readable and ends as one", () => {
    expect(fromChat({ content: null, refusal: "I will not." })).toMatchObject({
      content: [{ type: "text", text: "I will not." }],
      stop_reason: "refusal",
      stop_details: { type: "refusal", explanation: "I will not." },
    });
  });

  test("what Anthropic told about a refusal goes on", () => {
    const stop_details = { type: "refusal", category: "cyber", explanation: "No." };
    const told = { choices: [{ message: { content: "" }, finish_reason: "content_filter", stop_details }] };
    expect(fromCompletion(told)).toMatchObject({ content: [], stop_reason: "refusal", stop_details });
  });

  test("sources stand on the text", () => {
    const url_citation = { start_index: 0, end_index: 1, url: "https://x.y", title: "X" };
    const annotations = [{ type: "url_citation", url_citation }];
    expect(fromChat({ content: "A", annotations }).content).toEqual([
      {
        type: "text",
        text: "A",
        citations: [
          { type: "web_search_result_location", url: "https://x.y", title: "X", cited_text: "", encrypted_index: "" },
        ],
      },
    ]);
    const citations = [{ type: "char_location", cited_text: "a", document_index: 0 }];
    expect(fromChat({ content: "A", annotations, citations }).content).toEqual([
      { type: "text", text: "A", citations },
    ]);
    // Perplexity's list of that name is one of addresses.
    expect(fromChat({ content: "A", citations: ["https://x.y"] }).content).toEqual([{ type: "text", text: "A" }]);
  });

  test("input that is no object stays readable, and numbers stay as they are", () => {
    const input = (text: string) =>
      (fromChat({ tool_calls: [call("c", text)] }).content as { input: unknown }[])[0]!.input;
    expect(input('{"city":"Os')).toEqual({ invalid_json: '{"city":"Os' });
    expect(input("[1]")).toEqual({ invalid_json: "[1]" });
    const long = JSON.stringify({ choices: [{ message: { tool_calls: [call("c", '{"id":9007199254740993}')] } }] });
    expect(textFromCompletion(long)).toContain('"input":{"id":9007199254740993}');
  });

  test("calls without an id get one", () => {
    const { content } = fromChat({ tool_calls: [{ function: { name: "n", arguments: "{}" } }] });
    expect(content).toMatchObject([{ id: expect.stringMatching(/^toolu_\w{32}$/) }]);
  });

  test("parts of text are one text; another choice is not told", () => {
    const choices = [
      {
        message: {
          content: [
            { type: "text", text: "A" },
            { type: "text", text: "B" },
          ],
        },
        finish_reason: "stop",
      },
      { message: { content: "C" }, finish_reason: "stop" },
    ];
    expect(fromCompletion({ choices }).content).toEqual([{ type: "text", text: "AB" }]);
  });

  test("an answer without a message is an error that another target may mend", () => {
    expect(() => fromCompletion({ choices: [] })).toThrow(GatewayError);
  });
});
