import { describe, expect, test } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import {
  assemble,
  complete,
  decode,
  decodeStream,
  eventStream,
  fixture,
  framesOf,
  jsonFixture,
  NOW,
} from "./anthropic-door.ts";

const PAIRS = ["text", "tools", "thinking", "citations", "refusal"];

function deltasOf(chunks: readonly JsonObject[]): unknown[] {
  return chunks.flatMap(({ choices }) => (choices as JsonObject[]).map(({ delta }) => delta));
}

const start = {
  type: "message_start",
  message: { id: "msg_1", model: "m", usage: { input_tokens: 10, output_tokens: 1 } },
};
const opened = (index: number, content_block: JsonObject) => ({ type: "content_block_start", index, content_block });
const delta = (index: number, change: JsonObject) => ({ type: "content_block_delta", index, delta: change });
const closed = (index: number) => ({ type: "content_block_stop", index });
const ended = (stop_reason: string) => ({ type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 5 } });
const stop = { type: "message_stop" };

describe("a stream", () => {
  test("is chunks of one answer: role, text, end, usage", async () => {
    const { text, facts } = await decodeStream([fixture("text.sse")]);
    const head = `{"id":"msg_text","object":"chat.completion.chunk","created":${NOW / 1000},"model":"claude-haiku-4-5-20251001"`;
    const said = (delta: JsonObject) =>
      `data: ${head},"choices":[{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":null}]}`;
    const usage = (decode(jsonFixture("text.json")) as { usage: JsonObject }).usage;
    expect(text.split("\n\n")).toEqual([
      said({ role: "assistant", content: "", refusal: null }),
      said({ content: "Ein Kormoran t" }),
      said({ content: "aucht bis zu 30 Meter tief" }),
      said({ content: " – à la carte 🐦" }),
      said({ content: ".\n\nMehr?" }),
      `data: ${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"service_tier":"default"}`,
      `data: ${head},"choices":[],"usage":${JSON.stringify(usage)}}`,
      "data: [DONE]",
      "",
    ]);
    expect(facts.finished).toBe(true);
  });

  test.each(PAIRS)("says what the whole answer says (%s)", async (name) => {
    const { chunks, facts, error } = await decodeStream([fixture(`${name}.sse`)]);
    const whole = decode(jsonFixture(`${name}.json`));
    expect(error).toBeUndefined();
    const [choice] = whole.choices as JsonObject[];
    const { logprobs: _, ...rest } = choice!;
    const { object: __, ...answer } = whole;
    expect(assemble(chunks)).toEqual({ ...answer, choices: [withContent(rest)] });
    expect(facts.usage).toEqual(complete(jsonFixture(`${name}.json`)).usage);
  });

  /** Streams say "" where a whole answer of tool calls alone says null. */
  function withContent(choice: JsonObject): JsonObject {
    const message = choice.message as JsonObject;
    return { ...choice, message: { ...message, content: message.content ?? "" } };
  }

  test("is the same wherever the network cut it", async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`streams cut at random places, SEED=${seed}`);
    for (const name of [...PAIRS, "cut-arguments"]) {
      const bytes = fixture(`${name}.sse`);
      const { text } = await decodeStream([bytes]);
      const random = seededRandom(seed, name);
      const cuts = [...bytes.keys()];
      expect((await decodeStream(cutAt(bytes, cuts))).text, `${name} byte by byte`).toBe(text);
      for (let round = 0; round < 30; round++) {
        const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
        expect((await decodeStream(pieces)).text, `${name} SEED=${seed} round ${round}`).toBe(text);
      }
      const crlf = Buffer.from(bytes.toString().replaceAll("\n", "\r\n"));
      expect((await decodeStream(cutAt(crlf, randomOffsets(crlf.length, random)))).text, `${name} CRLF`).toBe(text);
    }
  });

  test("shows usage only to a client that asked, and always to the gateway", async () => {
    const { chunks, facts } = await decodeStream([fixture("tools.sse")], { stream_options: null });
    expect(chunks.every((chunk) => !("usage" in chunk))).toBe(true);
    expect(facts.usage).toMatchObject({ promptTokens: 300, completionTokens: 61 });
  });

  test("tells what the prompt cost before the first word", async () => {
    const facts: StreamFacts = { finished: false, usage: undefined };
    const frames = framesOf([fixture("text.sse").subarray(0, 900)], facts);
    await frames.next();
    expect(facts).toMatchObject({ finished: false, usage: { promptTokens: 1028, completionTokens: 1 } });
  });

  test("counts by the last number of each kind", async () => {
    const counted = {
      input_tokens: 3883,
      output_tokens: 49,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: 30464,
    };
    const last = { type: "message_delta", delta: { stop_reason: null }, usage: counted };
    const { chunks, facts } = await decodeStream([eventStream(start, ended("max_tokens"), last, stop)]);
    expect(facts.usage).toMatchObject({ promptTokens: 34347, completionTokens: 49, cachedTokens: 30464 });
    expect(assemble(chunks)).toMatchObject({ choices: [{ finish_reason: "length" }] });
  });
});

describe("tool calls in a stream", () => {
  test("are counted from 0 over the client's tools alone; id and name come first", async () => {
    const { chunks } = await decodeStream([fixture("tools.sse")]);
    const calls = deltasOf(chunks).flatMap((delta) => (delta as { tool_calls?: JsonObject[] }).tool_calls ?? []);
    expect(calls[0]).toEqual({
      index: 0,
      id: "toolu_1",
      type: "function",
      function: { name: "forecast", arguments: "" },
    });
    expect(calls.map(({ index }) => index)).toEqual([0, 0, 0, 0, 0, 1, 1]);
    expect(calls.at(-2)).toEqual({
      index: 1,
      id: "toolu_2",
      type: "function",
      function: { name: "now", arguments: "" },
    });
    expect(calls.at(-1)).toEqual({ index: 1, function: { arguments: "{}" } });
  });

  test("that were cut off inside their arguments stay cut off", async () => {
    const { chunks } = await decodeStream([fixture("cut-arguments.sse")]);
    expect(assemble(chunks)).toMatchObject({
      choices: [
        { finish_reason: "length", message: { tool_calls: [{ function: { arguments: '{"text":"once upon a' } }] } },
      ],
    });
  });

  test("may bring their input whole, at the start of the block or of the message", async () => {
    const tool = { type: "tool_use", id: "t", name: "f", input: { a: 1 } };
    const inBlock = eventStream(start, opened(0, tool), closed(0), ended("tool_use"), stop);
    const inMessage = eventStream(
      { ...start, message: { ...start.message, content: [tool] } },
      ended("tool_use"),
      stop,
    );
    for (const bytes of [inBlock, inMessage]) {
      expect(assemble((await decodeStream([bytes])).chunks)).toMatchObject({
        choices: [
          {
            finish_reason: "tool_calls",
            message: { tool_calls: [{ id: "t", function: { name: "f", arguments: '{"a":1}' } }] },
          },
        ],
      });
    }
  });

  test("may interleave", async () => {
    const tool = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
    const json = (index: number, partial_json: string) => delta(index, { type: "input_json_delta", partial_json });
    const events = [
      start,
      opened(0, tool("a")),
      opened(1, tool("b")),
      json(1, '{"b"'),
      json(0, "{}"),
      json(1, ":1}"),
      ended("tool_use"),
      stop,
    ];
    expect(assemble((await decodeStream([eventStream(...events)])).chunks)).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              { id: "a", function: { arguments: "{}" } },
              { id: "b", function: { arguments: '{"b":1}' } },
            ],
          },
        },
      ],
    });
  });
});

describe("thoughts in a stream", () => {
  test("come as text first, and at the end once more as signed blocks, all in one delta", async () => {
    const { chunks } = await decodeStream([fixture("thinking.sse")]);
    const { content } = jsonFixture("thinking.json") as { content: JsonObject[] };
    const deltas = deltasOf(chunks);
    expect(deltas.slice(1, 4)).toEqual([
      { reasoning_content: "They want t" },
      { reasoning_content: "he time.\nThe tool `" },
      { reasoning_content: "now` tells it — call it." },
    ]);
    expect(deltas.slice(-2)).toEqual([{ thinking_blocks: content.slice(0, 2) }, {}]);
  });

  test("that are kept from the client still bring their signature", async () => {
    const hidden = [
      opened(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "signature_delta", signature: "c2ln" }),
      closed(0),
    ];
    const { chunks } = await decodeStream([eventStream(start, ...hidden, ended("end_turn"), stop)]);
    expect(assemble(chunks)).toMatchObject({
      choices: [{ message: { thinking_blocks: [{ type: "thinking", thinking: "", signature: "c2ln" }] } }],
    });
    expect(JSON.stringify(chunks)).not.toContain("reasoning_content");
  });
});

describe("a stream that ends badly", () => {
  test("throws the error it holds after what came before", async () => {
    const { chunks, error, facts } = await decodeStream([fixture("overloaded.sse")]);
    expect(assemble(chunks)).toMatchObject({ choices: [{ message: { content: "Once upon" }, finish_reason: null }] });
    expect(error).toMatchObject({ code: "upstream_overloaded", retryable: true });
    expect(facts.finished).toBe(false);
  });

  test("throws an error that comes first before anything is said, so that another target can be asked", async () => {
    const limited = { type: "error", error: { type: "rate_limit_error", message: "slow down" } };
    const { type: _, ...untyped } = limited;
    for (const events of [[limited], [start, { type: "ping" }, limited], [untyped]]) {
      const { chunks, error } = await decodeStream([eventStream(...events)]);
      expect(chunks).toEqual([]);
      expect(error).toMatchObject({ code: "upstream_rate_limited" });
    }
  });

  test("is closed when it stops before message_stop, wherever that is", async () => {
    const bytes = fixture("tools.sse");
    const lastEvent = bytes.lastIndexOf("event: message_stop");
    for (const end of [0, 10, 400, 1200, lastEvent, lastEvent + 30]) {
      const { error, text, facts } = await decodeStream([bytes.subarray(0, end)]);
      expect(error, `cut at ${end}`).toMatchObject({ code: "upstream_closed", retryable: true });
      expect(text).not.toContain("[DONE]");
      expect(facts.finished).toBe(false);
    }
  });

  test("with an event that is no JSON is no answer", async () => {
    const half = Buffer.from('data: {"type":\n\n');
    const { error } = await decodeStream([eventStream(start), half, eventStream(stop)]);
    expect(error).toMatchObject({ code: "upstream_invalid_response" });
    expect((await decodeStream([eventStream(start), half])).error).toMatchObject({ code: "upstream_closed" });
  });

  test("an event over the bound is refused, not collected", async () => {
    const endless = Array.from({ length: 10 }, () => Buffer.alloc(1024 * 1024, "x"));
    expect((await decodeStream([Buffer.from("data: "), ...endless])).error).toMatchObject({
      code: "upstream_invalid_response",
    });
  });

  test("hands the source's own error on", async () => {
    const timeout = new Error("idle");
    const broken = async function* () {
      yield fixture("text.sse").subarray(0, 900);
      throw timeout;
    };
    expect((await decodeStream(broken())).error).toBe(timeout);
  });
});

describe("a stream of odd shape", () => {
  test("after its end no longer matters", async () => {
    const after = async function* () {
      yield Buffer.concat([fixture("text.sse"), Buffer.from(": bye\n\ndata: [DONE]\n\ndata: nonsense\n\n")]);
      throw new Error("reset");
    };
    const { error, text } = await decodeStream(after());
    expect(error).toBeUndefined();
    expect(text).toBe((await decodeStream([fixture("text.sse")])).text);
  });

  test("needs no final blank line, no block borders and only one beginning", async () => {
    const bare = eventStream(start, start, delta(0, { type: "text_delta", text: "hi" }), ended("end_turn"), stop);
    const { chunks, error } = await decodeStream([bare.subarray(0, -1)]);
    expect(error).toBeUndefined();
    expect(assemble(chunks)).toMatchObject({
      id: "msg_1",
      choices: [{ message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
    });
    const headless = eventStream(delta(0, { type: "text_delta", text: "hi" }), stop);
    expect(assemble((await decodeStream([headless])).chunks)).toMatchObject({
      id: expect.any(String),
      model: "claude-haiku-4-5",
      choices: [{ message: { content: "hi" } }],
    });
  });

  test("closes its source when the reader leaves", async () => {
    let closed = false;
    const source = async function* () {
      try {
        yield fixture("text.sse");
        yield fixture("text.sse");
      } finally {
        closed = true;
      }
    };
    const frames = framesOf(source(), { finished: false, usage: undefined });
    await frames.next();
    await frames.return();
    expect(closed).toBe(true);
  });
});
