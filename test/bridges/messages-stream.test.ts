import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { assemble, chunk, MARK, streamFromChat } from "./messages-door.ts";

const usage = {
  prompt_tokens: 10,
  completion_tokens: 5,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
};

const begin = (index: number, id: string, name = "weather") =>
  chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
const piece = (index: number, text: string) => chunk({ tool_calls: [{ index, function: { arguments: text } }] });

describe("a stream", () => {
  test("of text has Anthropic's events in Anthropic's order", async () => {
    const { events } = await streamFromChat(
      [
        { ...chunk({ role: "assistant", content: "" }), service_tier: "default" },
        chunk({ content: "Hel" }),
        chunk({ content: "lo" }),
        chunk({}, "stop"),
      ],
      { usage },
    );
    expect(events).toEqual([
      {
        type: "message_start",
        message: {
          id: "chatcmpl-1",
          type: "message",
          role: "assistant",
          model: "gpt-x",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          stop_details: null,
          usage: expect.objectContaining({ input_tokens: 0, service_tier: "standard" }),
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo" } },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null, stop_details: null },
        usage: {
          input_tokens: 6,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 4,
          output_tokens: 5,
        },
      },
      { type: "message_stop" },
    ]);
  });

  test("thinks, speaks and calls tools, one block after the other", async () => {
    const { events } = await streamFromChat([
      chunk({ role: "assistant", reasoning_content: "H" }),
      chunk({ reasoning_content: "m." }),
      chunk({ content: "Let me see." }),
      begin(0, "call_1"),
      piece(0, '{"city":'),
      piece(0, '"Oslo"}'),
      begin(1, "call_2"),
      piece(1, "{}"),
      chunk({}, "tool_calls"),
    ]);
    expect(assemble(events)).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "Hm.", signature: MARK },
        { type: "text", text: "Let me see." },
        { type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } },
        { type: "tool_use", id: "call_2", name: "weather", input: {} },
      ],
    });
    const input = events.filter(({ delta }) => (delta as { type?: string })?.type === "input_json_delta");
    expect(input).toHaveLength(3);
  });

  test("tool calls that come side by side are told one after the other, with nothing lost", async () => {
    const { events } = await streamFromChat([
      begin(0, "a"),
      begin(1, "b"),
      piece(1, '{"n":'),
      piece(0, '{"n":'),
      piece(1, "2}"),
      piece(0, "1}"),
      begin(2, "c"),
      chunk({ content: "Done." }),
      chunk({}, "tool_calls"),
    ]);
    expect(assemble(events).content).toMatchObject([
      { id: "a", input: { n: 1 } },
      { id: "b", input: { n: 2 } },
      { id: "c", input: {} },
      { type: "text", text: "Done." },
    ]);
  });

  test("later pieces that repeat id and name, or leave the index out, begin no new call", async () => {
    const { events } = await streamFromChat([
      chunk({ tool_calls: [{ id: "a", function: { name: "weather", arguments: '{"n"' } }] }),
      chunk({ tool_calls: [{ id: "a", function: { name: "weather", arguments: ":1}" } }] }),
      chunk({ tool_calls: [{ id: "b", function: { name: "weather", arguments: "{}" } }] }),
      chunk({}, "tool_calls"),
    ]);
    expect(assemble(events).content).toMatchObject([
      { id: "a", input: { n: 1 } },
      { id: "b", input: {} },
    ]);
  });

  test("signatures that are told at the end belong to the thoughts before", async () => {
    const thinking_blocks = [
      { type: "thinking", thinking: "Hm.", signature: "sig" },
      { type: "redacted_thinking", data: "ZGF0YQ==" },
    ];
    const { events } = await streamFromChat([
      chunk({ reasoning_content: "Hm." }),
      chunk({ content: "Yes." }),
      chunk({ thinking_blocks }),
      chunk({}, "stop"),
    ]);
    expect(assemble(events).content).toEqual([thinking_blocks[0], { type: "text", text: "Yes." }, thinking_blocks[1]]);
  });

  test("thoughts that are kept to itself come as blocks of their own", async () => {
    const thinking_blocks = [{ type: "thinking", thinking: "", signature: "sig" }];
    const { events } = await streamFromChat([
      chunk({ thinking_blocks }),
      chunk({ content: "Yes." }),
      chunk({}, "stop"),
    ]);
    expect(assemble(events).content).toEqual([thinking_blocks[0], { type: "text", text: "Yes." }]);
  });

  test("sources are told of the text", async () => {
    const citations = [{ type: "char_location", cited_text: "a" }];
    const { events } = await streamFromChat([chunk({ content: "A" }), chunk({ citations }), chunk({}, "stop")]);
    expect(assemble(events).content).toEqual([{ type: "text", text: "A", citations }]);
  });

  test("a refusal is text, and ends as one", async () => {
    const { events } = await streamFromChat([
      chunk({ refusal: "I will" }),
      chunk({ refusal: " not." }),
      chunk({}, "stop"),
    ]);
    expect(assemble(events)).toMatchObject({
      content: [{ type: "text", text: "I will not." }],
      stop_reason: "refusal",
      stop_details: { explanation: "I will not." },
    });
  });

  test("a stop sequence is named where the server tells which it was", async () => {
    const asked = { stop_sequences: ["END"] };
    const { events } = await streamFromChat([chunk({ content: "A" }), chunk({}, "stop", { stop_reason: "END" })], {
      asked,
    });
    expect(assemble(events)).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
  });

  test("several of the provider's events in one frame make one frame", async () => {
    const { events, frames } = await streamFromChat([
      [chunk({ content: "A" }), chunk({ content: "B" }), chunk({}, "stop")],
    ]);
    expect(frames).toBe(2);
    expect(assemble(events).content).toEqual([{ type: "text", text: "AB" }]);
  });

  test("an answer without content still begins and ends", async () => {
    const { events } = await streamFromChat([chunk({ role: "assistant", content: "" }), chunk({}, "length")]);
    expect(events.map(({ type }) => type)).toEqual(["message_start", "message_delta", "message_stop"]);
    expect(assemble(events)).toMatchObject({ content: [], stop_reason: "max_tokens" });
  });

  test("without ids and names it gets its own", async () => {
    const { events } = await streamFromChat([{ choices: [{ delta: { content: "A" } }] }, { choices: [] }]);
    expect(assemble(events)).toMatchObject({ id: expect.stringMatching(/^msg_/), model: "m", stop_reason: "end_turn" });
  });

  test("Azure's first chunk without a choice begins nothing", async () => {
    const { frames } = await streamFromChat([
      { id: "", model: "", choices: [] },
      chunk({ content: "A" }),
      chunk({}, "stop"),
    ]);
    expect(frames).toBe(2);
  });

  test("an error before anything was said leaves the way to other targets open", async () => {
    const broken = new GatewayError("upstream_overloaded", "The provider is overloaded.");
    const { events, error } = await streamFromChat([chunk({ role: "assistant", content: "" }), broken]);
    expect([events, error]).toEqual([[], broken]);
  });

  test("an error later on reaches the client after what was said", async () => {
    const broken = new GatewayError("upstream_closed", "The provider broke off.");
    const { events, error } = await streamFromChat([chunk({ content: "A" }), broken]);
    expect(events.at(-1)).toMatchObject({ delta: { text: "A" } });
    expect(error).toBe(broken);
  });
});
