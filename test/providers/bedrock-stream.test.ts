import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { JSON_TOOL } from "../../src/providers/anthropic/json-tool.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble } from "./anthropic-door.ts";
import {
  CLAUDE,
  decodeStream,
  endOf,
  eventOf,
  eventsOf,
  exceptionOf,
  messageOf,
  NOVA,
  START,
  textDelta,
} from "./bedrock-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const toolStart = (contentBlockIndex: number, name: string, more: JsonObject = {}) =>
  ["contentBlockStart", { contentBlockIndex, start: { toolUse: { toolUseId: `id-${name}`, name, ...more } } }] as const;
const input = (contentBlockIndex: number, text: string) =>
  ["contentBlockDelta", { contentBlockIndex, delta: { toolUse: { input: text } } }] as const;
const thought = (contentBlockIndex: number, reasoningContent: JsonObject) =>
  ["contentBlockDelta", { contentBlockIndex, delta: { reasoningContent } }] as const;
const stop = (contentBlockIndex: number) => ["contentBlockStop", { contentBlockIndex }] as const;

const everything = eventsOf(
  START,
  thought(0, { text: "Hm" }),
  thought(0, { text: ", grün." }),
  thought(0, { signature: "SIG" }),
  stop(0),
  thought(1, { redactedContent: "AAEC" }),
  stop(1),
  textDelta("Let me ", 2),
  textDelta("", 2),
  textDelta("look.", 2),
  stop(2),
  toolStart(3, "look"),
  input(3, ""),
  input(3, '{"at":'),
  input(3, '"Köln"}'),
  stop(3),
  toolStart(4, "now"),
  stop(4),
  ...endOf("tool_use", { inputTokens: 3, outputTokens: 9, cacheReadInputTokens: 4 }),
);

describe("a stream", () => {
  test("tells thoughts, text, calls, the reason and usage", async () => {
    const { chunks, error, facts, text } = await decodeStream([everything]);
    expect(error).toBeUndefined();
    const answer = assemble(chunks);
    expect(messageOf(answer)).toEqual({
      role: "assistant",
      content: "Let me look.",
      refusal: null,
      reasoning_content: "Hm, grün.",
      thinking_blocks: [
        { type: "thinking", thinking: "Hm, grün.", signature: "SIG" },
        { type: "redacted_thinking", data: "AAEC" },
      ],
      tool_calls: [
        { id: "id-look", type: "function", function: { name: "look", arguments: '{"at":"Köln"}' } },
        { id: "id-now", type: "function", function: { name: "now", arguments: "{}" } },
      ],
    });
    expect((answer.choices as JsonObject[])[0]!.finish_reason).toBe("tool_calls");
    expect(answer.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 });
    expect(facts).toMatchObject({ finished: true, usage: { promptTokens: 7, cachedTokens: 4 } });
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`))).toEqual(new Set([`chatcmpl-1 ${CLAUDE}`]));
  });

  test("says the same wherever it is cut", async () => {
    console.log(`a stream cut at random places, SEED=${seed}`);
    const { text } = await decodeStream([everything]);
    for (let round = 0; round < 50; round++) {
      const random = seededRandom(seed, String(round));
      const pieces = cutAt(everything, randomOffsets(everything.length, random));
      expect((await decodeStream(pieces)).text, `SEED=${seed} round ${round}`).toBe(text);
    }
    expect((await decodeStream(cutAt(everything, [...everything.keys()]))).text).toBe(text);
  });

  test("tells usage to the client only if asked, and to the gateway always", async () => {
    const bytes = eventsOf(START, textDelta("Hi"), ...endOf("end_turn"));
    const { chunks, facts } = await decodeStream([bytes], { stream_options: null });
    expect(chunks.some(({ usage }) => usage)).toBe(false);
    expect(facts.usage).toMatchObject({ promptTokens: 5, completionTokens: 3 });
  });

  test("promises nothing before there is something to say", async () => {
    const { chunks, error } = await decodeStream([eventsOf(START, textDelta(""))]);
    expect(chunks).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_closed" });
  });

  test("that says nothing at all still begins and ends", async () => {
    const { chunks, error } = await decodeStream([eventsOf(START, ...endOf("end_turn"))]);
    expect(error).toBeUndefined();
    expect(messageOf(assemble(chunks))).toMatchObject({ role: "assistant", content: "" });
  });

  test("is whole without `metadata`, but not without `messageStop`", async () => {
    const whole = await decodeStream([eventsOf(START, textDelta("Hi"), ["messageStop", { stopReason: "max_tokens" }])]);
    expect(whole.error).toBeUndefined();
    expect(whole.facts).toEqual({ finished: true, usage: undefined });
    expect((assemble(whole.chunks).choices as JsonObject[])[0]!.finish_reason).toBe("length");
    const cut = await decodeStream([eventsOf(START, textDelta("Hi"), stop(0))]);
    expect(cut.error).toMatchObject({ code: "upstream_closed" });
    expect(cut.text).not.toContain("[DONE]");
  });

  test("that holds an event that is no JSON is broken; one of an unknown type is not", async () => {
    const unknown = eventOf("somethingNew", { x: 1 });
    const good = await decodeStream([unknown, eventsOf(START, textDelta("Hi"), ...endOf("end_turn"))]);
    expect(good.error).toBeUndefined();
    const bad = Buffer.from("data: {}\n\n".repeat(3));
    expect((await decodeStream([bad])).error).toMatchObject({ code: "upstream_invalid_response" });
  });

  test("that a guardrail cut off says so, and why", async () => {
    const trace = { guardrail: { action: "BLOCKED" } };
    const { chunks } = await decodeStream([
      eventsOf(
        START,
        textDelta("No."),
        ["messageStop", { stopReason: "guardrail_intervened" }],
        ["metadata", { trace }],
      ),
    ]);
    const answer = assemble(chunks);
    expect((answer.choices as JsonObject[])[0]!.finish_reason).toBe("content_filter");
    expect(answer.trace).toEqual(trace);
  });

  test("that ended in malformed output breaks off", async () => {
    const { error } = await decodeStream([eventsOf(START, textDelta("Hi"), ...endOf("malformed_tool_use"))]);
    expect(error).toMatchObject({ code: "upstream_invalid_response" });
  });

  test("names its sources at the end", async () => {
    const web = { title: "A page", location: { web: { url: "https://example.com/a" } } };
    const { chunks } = await decodeStream([
      eventsOf(
        START,
        textDelta("It ", 0),
        stop(0),
        textDelta("is so", 1),
        ["contentBlockDelta", { contentBlockIndex: 1, delta: { citation: web } }],
        stop(1),
        ...endOf("end_turn"),
      ),
    ]);
    expect(messageOf(assemble(chunks))).toMatchObject({
      content: "It is so",
      annotations: [{ url_citation: { start_index: 3, end_index: 8, url: "https://example.com/a" } }],
      citations: [web],
    });
  });

  test("keeps Bedrock's own tools to itself", async () => {
    const { chunks } = await decodeStream([
      eventsOf(
        START,
        toolStart(0, "nova_grounding", { type: "server_tool_use" }),
        input(0, '{"q":1}'),
        stop(0),
        textDelta("Found.", 1),
        stop(1),
        ...endOf("end_turn"),
      ),
    ]);
    const answer = assemble(chunks);
    expect(messageOf(answer)).toEqual({ role: "assistant", content: "Found.", refusal: null });
    expect((answer.choices as JsonObject[])[0]!.finish_reason).toBe("stop");
  });
});

describe("a JSON answer that comes as a tool call", () => {
  const schema = { type: "object", properties: { n: { type: "integer" } } };
  const wantsJson = { model: NOVA, response_format: { type: "json_schema", json_schema: { name: "count", schema } } };

  test("is text, piece by piece", async () => {
    const bytes = eventsOf(
      START,
      textDelta("Here you are:", 0),
      stop(0),
      toolStart(1, JSON_TOOL),
      input(1, '{"n"'),
      input(1, ":3}"),
      stop(1),
      ...endOf("tool_use"),
    );
    const { chunks } = await decodeStream([bytes], wantsJson);
    const answer = assemble(chunks);
    expect(messageOf(answer)).toEqual({ role: "assistant", content: '{"n":3}', refusal: null });
    expect((answer.choices as JsonObject[])[0]!.finish_reason).toBe("stop");
  });

  test("that never came leaves what was said instead", async () => {
    const bytes = eventsOf(START, textDelta("I will"), textDelta(" not."), ...endOf("guardrail_intervened"));
    const { chunks } = await decodeStream([bytes], wantsJson);
    expect(messageOf(assemble(chunks)).content).toBe("I will not.");
  });
});

describe("Claude's stream by InvokeModel", () => {
  const wrapped = (event: JsonObject) =>
    eventOf("chunk", { bytes: Buffer.from(JSON.stringify(event)).toString("base64") });
  const start = wrapped({
    type: "message_start",
    message: { id: "msg_1", model: "claude", usage: { input_tokens: 2 } },
  });
  const text = wrapped({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße" } });
  const end = [
    wrapped({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 4 } }),
    wrapped({ type: "message_stop", "amazon-bedrock-invocationMetrics": { inputTokenCount: 2 } }),
  ];
  const read = (pieces: readonly Buffer[]) => decodeStream(pieces, { model: CLAUDE }, { api: "invoke" });

  test("is Anthropic's, unwrapped", async () => {
    const { chunks, error, facts } = await read([start, text, ...end]);
    expect(error).toBeUndefined();
    expect(assemble(chunks)).toMatchObject({ id: "msg_1", choices: [{ message: { content: "Grüße" } }] });
    expect(facts).toMatchObject({ finished: true, usage: { promptTokens: 2, completionTokens: 4 } });
  });

  test("breaks with Bedrock's errors", async () => {
    const { error } = await read([start, text, exceptionOf("modelStreamErrorException", { message: "x" })]);
    expect(error).toMatchObject({ code: "upstream_error" });
    expect((await read([start, text])).error).toMatchObject({ code: "upstream_closed" });
    expect((await read([eventOf("chunk", {})])).error).toMatchObject({ code: "upstream_invalid_response" });
  });
});
