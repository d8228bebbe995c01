import { expect, test } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble } from "./anthropic-door.ts";
import { chat } from "./cohere-door.ts";
import { eventStream, fixture, jsonFixture } from "./wire-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const names = ["text", "tools", "thinking", "citations"];

test.each(names)("the stream %s says what the whole answer says", async (name) => {
  const { chunks, text, error, facts } = await chat.stream([fixture(`cohere/${name}.sse`)]);
  const { object: _, choices, ...whole } = chat.decode(jsonFixture(`cohere/${name}.json`));
  const {
    logprobs: _logprobs,
    message,
    ...choice
  } = (choices as JsonObject[])[0] as JsonObject & { message: JsonObject };
  expect(error).toBeUndefined();
  expect(assemble(chunks)).toMatchObject({
    ...whole,
    choices: [{ ...choice, message: { ...message, content: message.content ?? "" } }],
  });
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(facts).toMatchObject({ finished: true, usage: { promptTokens: (whole.usage as JsonObject).prompt_tokens } });
});

test("log-probabilities come with the text they are of", async () => {
  const { chunks } = await chat.stream([fixture("cohere/thinking.sse")]);
  const told = chunks.flatMap(({ choices }) => choices as JsonObject[]).filter(({ logprobs }) => logprobs);
  expect(told).toMatchObject([
    { delta: { content: "42" }, logprobs: { content: [{ token: "42", logprob: -0.75 }] } },
    { delta: { content: "." }, logprobs: { content: [{ token: ".", logprob: -1 }] } },
  ]);
});

test("usage is for whoever asked; the facts know it anyway", async () => {
  const { chunks, facts } = await chat.stream([fixture("cohere/text.sse")], { stream_options: undefined });
  expect(chunks.some(({ usage }) => usage)).toBe(false);
  expect(facts.usage).toMatchObject({ promptTokens: 205 });
});

test.each(names)("the stream %s says the same wherever it is cut", async (name) => {
  console.log(`cut at random places, SEED=${seed}`);
  const bytes = fixture(`cohere/${name}.sse`);
  const { text } = await chat.stream([bytes]);
  const random = seededRandom(seed, name);
  for (let round = 0; round < 20; round++) {
    const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
    expect((await chat.stream(pieces)).text, `SEED=${seed} round ${round}`).toBe(text);
  }
  expect((await chat.stream(cutAt(bytes, [...bytes.keys()]))).text).toBe(text);
});

const start = { type: "message-start", id: "c", delta: { message: { role: "assistant" } } };
const says = (text: string) => ({ type: "content-delta", index: 0, delta: { message: { content: { text } } } });
const ends = (delta: JsonObject) => ({ type: "message-end", delta });

test("nothing is promised before there is something to say", async () => {
  const { frames, error } = await chat.stream([eventStream(start, { type: "content-start", index: 0 })]);
  expect(frames).toEqual([]);
  expect(error).toMatchObject({ code: "upstream_closed" });
});

test("a stream that breaks or is cut off says so", async () => {
  for (const broken of [ends({ finish_reason: "ERROR", error: "llm exploded" }), ends({ finish_reason: "TIMEOUT" })]) {
    const { error, text } = await chat.stream([eventStream(start, says("a"), broken)]);
    expect(error).toMatchObject({ code: "upstream_error" });
    expect(text).not.toContain("[DONE]");
  }
  const told = await chat.stream([eventStream(start, says("a"), { id: "e", message: "too many requests" })]);
  expect(told.error).toMatchObject({ code: "upstream_error" });
  for (const bytes of [eventStream(start, says("a")), eventStream(start, says("a"), says("b")).subarray(0, -9)]) {
    expect((await chat.stream([bytes])).error).toMatchObject({ code: "upstream_closed" });
  }
  const garbled = await chat.stream([eventStream(start, "{oops", ends({ finish_reason: "COMPLETE" }))]);
  expect(garbled.error).toMatchObject({ code: "upstream_invalid_response" });
});

test("events that do not exist yet say nothing, and what follows the end does not matter", async () => {
  const facts: StreamFacts = { finished: false, usage: undefined };
  async function* provider() {
    yield eventStream(start, { type: "event-of-2030", delta: {} }, says("a"), ends({ finish_reason: "COMPLETE" }));
    yield Buffer.from("data: more");
    throw new Error("the connection broke");
  }
  let finishedAtDone: boolean | undefined;
  for await (const frame of chat.frames(provider(), facts)) {
    if (Buffer.from(frame.bytes).includes("[DONE]")) finishedAtDone = facts.finished;
  }
  expect(finishedAtDone).toBe(true);
});
