import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { unseal } from "../../src/protocol/responses.ts";
import { chatStream, decodeStream, lastResponse, outputOf } from "./responses-door.ts";

const typesOf = (events: readonly JsonObject[]) => events.map(({ type }) => type);

describe("a chat's stream as a Response's events", () => {
  it("tells words from their beginning to their end, numbered one by one", async () => {
    const streamed = await decodeStream([
      chatStream([{ role: "assistant", content: "" }, { content: "Hel" }, { content: "lo" }]),
    ]);
    expect(typesOf(streamed.events)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(streamed.names).toEqual(typesOf(streamed.events));
    expect(streamed.events.map(({ sequence_number }) => sequence_number)).toEqual(streamed.events.map((_, at) => at));
    expect(lastResponse(streamed)).toMatchObject({
      status: "completed",
      model: "answered",
      output: [{ type: "message", status: "completed", content: [{ text: "Hello" }] }],
      usage: { input_tokens: 5, output_tokens: 7, total_tokens: 12 },
    });
    expect(streamed.usage).toMatchObject({ promptTokens: 5, completionTokens: 7 });
    const ids = new Set(streamed.events.flatMap(({ response }) => (response as JsonObject | undefined)?.id ?? []));
    expect(ids.size).toBe(1);
  });

  it("tells thoughts, words and calls as items of their own", async () => {
    const call = (index: number, id: string) => ({
      index,
      id,
      type: "function",
      function: { name: "w", arguments: "" },
    });
    const streamed = await decodeStream([
      chatStream(
        [
          { role: "assistant", reasoning_content: "h" },
          { reasoning_content: "m" },
          { content: "I look." },
          { tool_calls: [call(0, "c1")] },
          { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
          { tool_calls: [{ index: 0, function: { arguments: "1}" } }] },
          { tool_calls: [{ ...call(1, "c2"), extra_content: { google: { thought_signature: "g" } } }] },
          { tool_calls: [{ index: 1, function: { arguments: "{}" } }] },
          { thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "s" }] },
        ],
        { finish: "tool_calls" },
      ),
    ]);
    const [thought, words, first, second] = outputOf(lastResponse(streamed));
    expect(thought).toMatchObject({ type: "reasoning", summary: [{ text: "hm" }] });
    expect(unseal(thought!.encrypted_content)).toEqual({
      thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "s" }],
      calls: { c2: { extra_content: { google: { thought_signature: "g" } } } },
    });
    expect(words).toMatchObject({ content: [{ text: "I look." }] });
    expect(first).toMatchObject({ call_id: "c1", name: "w", arguments: '{"a":1}', status: "completed" });
    expect(second).toMatchObject({ call_id: "c2", name: "w", arguments: "{}" });
    const done = streamed.events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item);
    expect(done).toEqual(outputOf(lastResponse(streamed)));
    const summary = typesOf(streamed.events).filter((type) => String(type).includes("summary"));
    expect(summary).toEqual([
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
    ]);
  });

  it("tells refusals, sources and logprobs", async () => {
    const annotations = [
      { type: "url_citation", url_citation: { url: "https://a.example", start_index: 0, end_index: 2 } },
    ];
    const logprobs = { content: [{ token: "Hi", logprob: -0.1, bytes: [72, 105], top_logprobs: [] }] };
    const spoken = await decodeStream([chatStream([{ content: "Hi", logprobs }, { annotations }])]);
    expect(outputOf(lastResponse(spoken))).toMatchObject([
      {
        content: [{ text: "Hi", annotations: [{ url: "https://a.example", title: "" }], logprobs: [{ token: "Hi" }] }],
      },
    ]);
    expect(typesOf(spoken.events)).toContain("response.output_text.annotation.added");
    const refused = await decodeStream([chatStream([{ refusal: "N" }, { refusal: "o." }])]);
    expect(outputOf(lastResponse(refused))).toMatchObject([{ content: [{ type: "refusal", refusal: "No." }] }]);
    expect(typesOf(refused.events)).toContain("response.refusal.done");
  });

  it("ends as incomplete when the answer was cut off", async () => {
    const cut = await decodeStream([chatStream([{ content: "x" }], { finish: "length" })]);
    expect(cut.events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
  });

  it("does not depend on where the bytes are cut", async () => {
    const bytes = chatStream([{ reasoning_content: "…" }, { content: "Grüße " }, { content: "💚" }]);
    const whole = await decodeStream([bytes]);
    const cut = await decodeStream(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    const meaning = ({ events }: typeof whole) => outputOf(lastResponse({ events })).map(({ id, ...item }) => item);
    expect(meaning(cut)).toEqual(meaning(whole));
    expect(typesOf(cut.events)).toEqual(typesOf(whole.events));
  });

  it("that breaks says where, and what was answered until then", async () => {
    const broken = await decodeStream([chatStream([{ content: "Hel" }], { finish: null, done: false })]);
    expect(broken.error?.code).toBe("upstream_closed");
    expect(typesOf(broken.events)).not.toContain("response.completed");
    expect(broken.error?.details.broken).toMatchObject({
      nextEvent: broken.events.length,
      response: { status: "in_progress", output: [{ content: [{ text: "Hel" }] }] },
    });
  });

  it("hands on the error that the provider's stream holds", async () => {
    const error = { message: "busy", type: "server_error", code: 503 };
    const pieces = [
      chatStream([{ content: "x" }], { finish: null, done: false }),
      Buffer.from(`data: ${JSON.stringify({ error })}\n\n`),
    ];
    expect((await decodeStream(pieces)).error?.code).toBe("upstream_overloaded");
  });
});
