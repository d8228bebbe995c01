import { expect, test } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble } from "./anthropic-door.ts";
import { chat } from "./mistral-door.ts";
import { eventStream, fixture, messageOf } from "./wire-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const chunk = (delta: JsonObject, finish_reason: string | null = null, more: JsonObject = {}): JsonObject => ({
  id: "s",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

test("a stream of text keeps every byte, comments and padding too", async () => {
  const text = Buffer.concat([
    Buffer.from(": hold on\r\n\r\n"),
    eventStream(chunk({ role: "assistant", content: "" }), chunk({ content: "Grüße" }, null, { p: "ab" })),
    eventStream(chunk({ content: "" }, "stop"), "[DONE]"),
  ]);
  const { text: came, facts, error } = await chat.stream([text], { stream_options: undefined });
  expect(came).toBe(text.toString());
  expect({ error, finished: facts.finished }).toEqual({ error: undefined, finished: true });
});

test("the first delta of every choice says whose it is", async () => {
  const second = { ...chunk({ content: "b" }), choices: [{ index: 1, delta: { content: "b" }, finish_reason: null }] };
  const { chunks } = await chat.stream([
    eventStream(chunk({ content: "a" }), second, second, chunk({}, "stop"), "[DONE]"),
  ]);
  const roles = chunks.flatMap(({ choices }) => choices as { delta: JsonObject }[]).map(({ delta }) => delta.role);
  expect(roles).toEqual(["assistant", "assistant", undefined, undefined]);
});

test("usage comes in a chunk of its own for whoever asked, and stays where it is for others", async () => {
  const bytes = eventStream(
    chunk({ role: "assistant", content: "a" }),
    chunk({}, "stop", { usage, p: "abc" }),
    "[DONE]",
  );
  const asked = await chat.stream([bytes]);
  expect(asked.chunks.slice(1)).toEqual([
    chunk({}, "stop"),
    { id: "s", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage },
  ]);
  expect(asked.text.endsWith("data: [DONE]\n\n")).toBe(true);
  const silent = await chat.stream([bytes], { stream_options: undefined });
  expect(silent.text).toBe(bytes.toString());
  for (const { facts } of [asked, silent]) expect(facts.usage).toMatchObject({ promptTokens: 5, completionTokens: 2 });
});

test("thoughts and text come in fields of their own, also out of one delta", async () => {
  const { chunks, facts } = await chat.stream([fixture("mistral/thinking.sse")]);
  expect(messageOf(assemble(chunks))).toEqual({
    role: "assistant",
    content: "It is 42.",
    reasoning_content: "Seven times six – ü.",
  });
  expect(facts.usage).toMatchObject({ promptTokens: 12, completionTokens: 40, cachedTokens: 8 });
});

test("a call's id and name come once, whatever later deltas repeat or leave out; a new id is a new call", async () => {
  const { chunks } = await chat.stream([fixture("mistral/tools.sse")]);
  const deltas = chunks
    .flatMap(({ choices }) => choices as { delta: { tool_calls?: JsonObject[] } }[])
    .flatMap(({ delta }) => delta.tool_calls ?? []);
  expect(deltas).toEqual([
    { id: "call-long-1", type: "function", function: { name: "forecast", arguments: "" }, index: 0 },
    { index: 0, function: { arguments: '{"city":' } },
    { index: 0, function: { arguments: ' "Oslo"}' } },
    { index: 1, id: expect.stringMatching(/^\w{9}$/), type: "function", function: { name: "now", arguments: "{}" } },
    { index: 2, id: "call-long-3", type: "function", function: { name: "forecast", arguments: "{}" } },
  ]);
});

test.each(["thinking", "tools"])("the stream %s says the same wherever it is cut", async (name) => {
  console.log(`cut at random places, SEED=${seed}`);
  const bytes = fixture(`mistral/${name}.sse`);
  const said = async (pieces: Buffer[]) => {
    const message = messageOf(assemble((await chat.stream(pieces)).chunks));
    const calls = (message.tool_calls ?? []) as { function: unknown }[];
    return { ...message, tool_calls: calls.map((call) => call.function) };
  };
  const whole = await said([bytes]);
  const random = seededRandom(seed, name);
  for (let round = 0; round < 20; round++) {
    expect(await said(cutAt(bytes, randomOffsets(bytes.length, random))), `SEED=${seed}`).toEqual(whole);
  }
  expect(await said(cutAt(bytes, [...bytes.keys()]))).toEqual(whole);
});

test("a stream may end without [DONE], or without its last blank line", async () => {
  const whole = eventStream(chunk({ content: "a" }), chunk({}, "stop", { usage }));
  for (const bytes of [whole, whole.subarray(0, -2)]) {
    const { text, chunks, error, facts } = await chat.stream([bytes]);
    expect(error).toBeUndefined();
    expect(facts.finished).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  }
});

test("a stream that ends early, or in the middle of an event, was broken off", async () => {
  const bytes = eventStream(chunk({ content: "a" }), chunk({ content: "b" }));
  for (const cut of [bytes, bytes.subarray(0, -20)]) {
    const { error, facts, text } = await chat.stream([cut]);
    expect(error).toMatchObject({ code: "upstream_closed" });
    expect(facts.finished).toBe(false);
    expect(text).not.toContain("[DONE]");
  }
});

test("nothing is promised while only comments have come", async () => {
  const error = { object: "error", message: "Rate limit exceeded", type: "rate_limited" };
  const { frames, error: thrown } = await chat.stream([Buffer.from(": wait\n\n"), eventStream(error)]);
  expect(frames).toEqual([]);
  expect(thrown).toMatchObject({ code: "upstream_rate_limited" });
});

test("errors inside a stream come after what was said before them", async () => {
  const error = {
    object: "error",
    message: "Service tier capacity exceeded for this model.",
    type: "service_tier_capacity_exceeded",
  };
  const broken = await chat.stream([eventStream(chunk({ role: "assistant", content: "a" }), error, "[DONE]")]);
  expect(broken.error).toMatchObject({ code: "upstream_rate_limited" });
  expect(broken.chunks).toEqual([chunk({ role: "assistant", content: "a" })]);
  const bare = Buffer.concat([
    eventStream(chunk({ role: "assistant", content: "a" })),
    Buffer.from('{"detail":"gone"}'),
  ]);
  expect((await chat.stream([bare])).error).toMatchObject({ code: "upstream_error" });
  const failed = await chat.stream([eventStream(chunk({ role: "assistant", content: "a" }), chunk({}, "error"))]);
  expect(failed.error).toMatchObject({ code: "upstream_error" });
  const garbled = await chat.stream([Buffer.from("data: {oops\n\n"), eventStream(chunk({}, "stop"))]);
  expect(garbled.error).toMatchObject({ code: "upstream_invalid_response" });
});

test("the facts are told before the last frames, and what follows the end does not matter", async () => {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const bytes = eventStream(chunk({ content: "a" }), chunk({}, "stop", { usage }));
  async function* provider() {
    yield bytes;
    yield eventStream("[DONE]");
    yield Buffer.from("data: more");
    throw new Error("the connection broke");
  }
  let finishedAtDone: boolean | undefined;
  for await (const frame of chat.frames(provider(), facts)) {
    if (Buffer.from(frame.bytes).includes("[DONE]")) finishedAtDone = facts.finished;
  }
  expect(finishedAtDone).toBe(true);
  expect(facts.usage).toMatchObject({ promptTokens: 5 });
});
