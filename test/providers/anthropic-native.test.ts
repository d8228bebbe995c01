import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import type { StreamFacts } from "../../src/core/provider.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { passEvents } from "../../src/providers/anthropic/passage.ts";
import { anthropicNative } from "../../src/providers/anthropic.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { eventStream, fixture, targetOf } from "./anthropic-door.ts";

const { messages, count_tokens: count } = anthropicNative({
  apiKey: "sk-ant-test",
  headers: { "anthropic-beta": "configured-2026" },
});
const target = targetOf("claude-haiku-4-5");
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function requestOf(text: string, headers: Record<string, string> = {}) {
  const body = JsonBody.parse(text, { maxDepth: 64, maxValues: 10_000 });
  return { body, model: String(body.value.model), stream: body.value.stream === true, headers };
}

const sent = (body: JsonObject, headers?: Record<string, string>) =>
  messages.encode(requestOf(JSON.stringify(body), headers), target);

describe("a request to Anthropic's own API", () => {
  test("goes on as it came but for the model's name", () => {
    const text =
      '{ "model":"app", "max_tokens": 1e2,\n "messages":[{"role":"user","content":"é"}], "new_field": 12345678901234567890 }';
    const { body, path, method, dropped } = messages.encode(requestOf(text), target);
    expect(String(body)).toBe(text.replace('"app"', '"claude-haiku-4-5"'));
    expect([method, path, dropped]).toEqual(["POST", "/v1/messages", []]);
    const same = text.replace("app", "claude-haiku-4-5");
    expect(String(messages.encode(requestOf(same), target).body)).toBe(same);
  });

  test("tells version and features: the client's beside the configured", () => {
    expect(sent({ model: "m" }).headers).toMatchObject({
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "configured-2026",
      "x-api-key": "sk-ant-test",
    });
    const headers = { "anthropic-version": "2026-10-21", "anthropic-beta": "a-1, b-2,configured-2026" };
    expect(sent({ model: "m" }, headers).headers).toMatchObject({
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "configured-2026,a-1,b-2",
    });
  });

  test("leaves out what other models thought, and their state: Anthropic refuses both", () => {
    const thought = { type: "thinking", thinking: "Hm.", signature: "reasoning_content@p/gpt" };
    const own = { type: "thinking", thinking: "Hm.", signature: "c2ln" };
    const call = { type: "tool_use", id: "t", name: "n", input: {} };
    const turns = (...content: unknown[]) => [
      { role: "user", content: "Hi" },
      { role: "assistant", content },
    ];
    const { body, dropped } = sent({ model: "m", messages: turns(thought, own, { ...call, extra_content: { x: 1 } }) });
    expect(JSON.parse(String(body)).messages).toEqual(turns(own, call));
    expect(dropped).toEqual(["messages.content.thinking"]);
  });

  test("for a count goes beside it", () => {
    const { path, body } = count.encode(requestOf('{"model":"app","messages":[]}'), target);
    expect([path, String(body)]).toEqual(["/v1/messages/count_tokens", '{"model":"claude-haiku-4-5","messages":[]}']);
  });
});

describe("a whole answer", () => {
  const decode = (body: Buffer) => messages.decode(body, { request: requestOf("{}"), target });

  test("passes byte by byte, and its usage is read in OpenAI's accounting", () => {
    const body = fixture("thinking.json");
    const { body: out, usage } = decode(body);
    expect(out).toBe(body);
    const { usage: told } = JSON.parse(body.toString());
    expect(usage?.completionTokens).toBe(told.output_tokens);
    const { input_tokens: fresh, cache_read_input_tokens: read = 0, cache_creation_input_tokens: written = 0 } = told;
    expect(usage?.promptTokens).toBe(fresh + read + written);
  });

  test("that is an error in disguise is one", () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    expect(() => decode(Buffer.from(JSON.stringify(overloaded)))).toThrow(
      expect.objectContaining({ code: "upstream_overloaded" }),
    );
    expect(() => decode(Buffer.from("<html>"))).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  });
});

const start = { type: "message_start", message: { id: "m", usage: { input_tokens: 5, output_tokens: 1 } } };
const ping = { type: "ping" };
const open = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const piece = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "an error, Grüße 🌍" } };
const rest = [
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } },
];
const stop = { type: "message_stop" };
const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" }, request_id: "req_1" };

async function pass(pieces: Iterable<Uint8Array>) {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const frames: string[] = [];
  let error: GatewayError | undefined;
  let finishedBeforeLast = false;
  async function* bytes() {
    yield* pieces;
  }
  try {
    for await (const frame of passEvents(bytes(), facts)) {
      finishedBeforeLast = facts.finished;
      frames.push(Buffer.from(frame.bytes).toString());
    }
  } catch (thrown) {
    error = thrown as GatewayError;
  }
  return { text: frames.join(""), frames, facts, error, finishedBeforeLast };
}

describe("a stream", () => {
  const whole = eventStream(start, ping, open, piece, ...rest, stop);

  test("passes byte by byte wherever it is cut, and tells usage and its end", async () => {
    console.log(`streams cut at random places, SEED=${seed}`);
    const random = seededRandom(seed, "anthropic-native");
    const cuts = Array.from({ length: 50 }, () => cutAt(whole, randomOffsets(whole.length, random)));
    for (const pieces of [[whole], cutAt(whole, [...whole.keys()]), ...cuts]) {
      const { text, facts, error, finishedBeforeLast } = await pass(pieces);
      expect(text).toBe(whole.toString());
      expect(error).toBeUndefined();
      expect(finishedBeforeLast).toBe(true);
      expect(facts).toMatchObject({ finished: true, usage: { promptTokens: 5, completionTokens: 7 } });
    }
  });

  test("promises nothing before its first block", async () => {
    const { frames } = await pass([
      eventStream(start),
      eventStream(ping),
      eventStream(open),
      eventStream(piece, ...rest, stop),
    ]);
    expect(frames[0]).toBe(eventStream(start, ping, open).toString());
  });

  test("that fails before its first block leaves the way to other targets open", async () => {
    const { text, error } = await pass([eventStream(start, ping), eventStream(overloaded)]);
    expect(text).toBe("");
    expect(error).toMatchObject({ code: "upstream_overloaded", retryable: true });
  });

  test("that fails in one piece with its first block has told nothing yet either", async () => {
    const { text, error } = await pass([eventStream(start, open, piece, overloaded)]);
    expect([text, error?.code]).toEqual(["", "upstream_overloaded"]);
  });

  test("that fails later is told as the provider told it, after what it said", async () => {
    const { text, error, facts } = await pass([eventStream(start, open), eventStream(piece, overloaded)]);
    expect(text).toBe(eventStream(start, open, piece).toString());
    expect(error?.code).toBe("upstream_overloaded");
    expect(error?.details.event).toBe(eventStream(overloaded).toString());
    expect(facts.finished).toBe(false);
  });

  test("what fails for the sake of our account there is not told in the provider's words", async () => {
    const limited = { type: "error", error: { type: "rate_limit_error", message: "Organization 1234 is limited" } };
    const { error } = await pass([eventStream(start, open, piece), eventStream(limited)]);
    expect(error?.code).toBe("upstream_rate_limited");
    expect(error?.details.event).toBeUndefined();
    expect(error?.message).not.toContain("1234");
  });

  test("an error with a key in it is not told in the provider's words either", async () => {
    const leak = { type: "error", error: { type: "api_error", message: "refused sk-ant-api03-secretsecret" } };
    const { error } = await pass([eventStream(start, open, piece), eventStream(leak)]);
    expect(error?.details.event).toBeUndefined();
  });

  test("that ends early is broken", async () => {
    const { text, error } = await pass([eventStream(start, open, piece, ...rest)]);
    expect(text).toBe(eventStream(start, open, piece, ...rest).toString());
    expect(error?.code).toBe("upstream_closed");
  });

  test("whose last event lacks its blank line is whole, unless the event is cut off", async () => {
    const bytes = eventStream(start, open, ...rest, stop);
    expect(await pass([bytes.subarray(0, -2)])).toMatchObject({ text: bytes.toString(), facts: { finished: true } });
    expect(await pass([bytes.subarray(0, -5)])).toMatchObject({ error: { code: "upstream_closed" } });
  });

  test("with a bare error behind its events is broken by it", async () => {
    const { error } = await pass([eventStream(start, open, piece), Buffer.from(JSON.stringify(overloaded))]);
    expect(error?.code).toBe("upstream_overloaded");
  });

  test("with lines that end in CR LF and comments passes too", async () => {
    const bytes = Buffer.from(`: hi\r\n\r\n${whole.toString().replaceAll("\n", "\r\n")}`);
    const { text, facts } = await pass(cutAt(bytes, [...bytes.keys()]));
    expect(text).toBe(bytes.toString());
    expect(facts.finished).toBe(true);
  });

  test("may break when all was said", async () => {
    async function* bytes() {
      yield whole;
      throw new GatewayError("upstream_closed", "The provider broke off.");
    }
    const facts: StreamFacts = { finished: false, usage: undefined };
    const frames = [];
    for await (const frame of passEvents(bytes(), facts)) frames.push(frame);
    expect(frames).toHaveLength(1);
  });
});
