import { expect, test } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { MAX_LINE_BYTES } from "../../src/protocol/ndjson.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble } from "./anthropic-door.ts";
import { chat } from "./ollama-door.ts";
import { fixture, lines, messageOf } from "./wire-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test.each(["text", "tools"])("the stream %s says what the whole answer says", async (name) => {
  const { chunks, text, error, facts } = await chat.stream([fixture(`ollama/${name}.ndjson`)]);
  const { object: _, choices, ...whole } = chat.decode(fixture(`ollama/${name}.json`).toString());
  const {
    message,
    logprobs: _logprobs,
    ...choice
  } = (choices as JsonObject[])[0] as JsonObject & { message: JsonObject };
  expect(error).toBeUndefined();
  expect(assemble(chunks)).toEqual({
    ...whole,
    choices: [{ ...choice, message: { ...message, content: message.content ?? "" } }],
  });
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(facts).toMatchObject({ finished: true, usage: { promptTokens: (whole.usage as JsonObject).prompt_tokens } });
});

test("log-probabilities come with the text they are of", async () => {
  const { chunks } = await chat.stream([fixture("ollama/logprobs.ndjson")]);
  expect(chunks.flatMap(({ choices }) => choices as JsonObject[])).toMatchObject([
    { delta: { role: "assistant" } },
    {
      delta: { content: "Yes" },
      logprobs: {
        content: [
          {
            token: "Yes",
            bytes: [89, 101, 115],
            top_logprobs: [
              { token: "Yes", logprob: -0.25, bytes: null },
              { token: "No", logprob: -1.5, bytes: null },
            ],
          },
        ],
      },
    },
    { delta: { content: "." }, logprobs: { content: [{ token: ".", bytes: null, top_logprobs: [] }] } },
    { finish_reason: "length" },
  ]);
});

test("usage is for whoever asked; the facts know it anyway", async () => {
  const { chunks, facts } = await chat.stream([fixture("ollama/text.ndjson")], { stream_options: undefined });
  expect(chunks.some(({ usage }) => usage)).toBe(false);
  expect(facts.usage).toMatchObject({ promptTokens: 12, completionTokens: 7 });
});

test.each(["text", "tools", "logprobs"])("the stream %s says the same wherever it is cut", async (name) => {
  console.log(`cut at random places, SEED=${seed}`);
  const bytes = fixture(`ollama/${name}.ndjson`);
  const { text } = await chat.stream([bytes]);
  const random = seededRandom(seed, name);
  for (let round = 0; round < 20; round++) {
    const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
    expect((await chat.stream(pieces)).text, `SEED=${seed} round ${round}`).toBe(text);
  }
  expect((await chat.stream(cutAt(bytes, [...bytes.keys()]))).text).toBe(text);
  expect((await chat.stream([bytes.subarray(0, -1)])).text).toBe(text);
});

const says = (content: string) => ({ model: "m", message: { role: "assistant", content }, done: false });

test("nothing is promised before there is something to say", async () => {
  const { frames, error } = await chat.stream([lines(says(""), says(""))]);
  expect(frames).toEqual([]);
  expect(error).toMatchObject({ code: "upstream_closed" });
});

test("an answer of nothing is one", async () => {
  const { chunks, error } = await chat.stream([lines({ ...says(""), done: true, done_reason: "stop" })]);
  expect(error).toBeUndefined();
  expect(messageOf(assemble(chunks))).toMatchObject({ role: "assistant", content: "" });
});

test("a stream that breaks or is cut off says so", async () => {
  const broken = await chat.stream([lines(says("a"), { error: "an error was encountered while running the model" })]);
  expect(broken.error).toMatchObject({ code: "upstream_error" });
  expect(broken.text).toContain('"content":"a"');
  expect(broken.text).not.toContain("[DONE]");
  for (const bytes of [lines(says("a")), lines(says("a"), says("b")).subarray(0, -9)]) {
    expect((await chat.stream([bytes])).error).toMatchObject({ code: "upstream_closed" });
  }
  const garbled = await chat.stream([Buffer.from("{oops\n"), lines(says("a"))]);
  expect(garbled.error).toMatchObject({ code: "upstream_invalid_response" });
});

test("a line without end is refused, not kept", async () => {
  async function* endless() {
    for (let sent = 0; sent <= MAX_LINE_BYTES; sent += 1 << 20) yield Buffer.alloc(1 << 20, "a");
  }
  expect((await chat.stream(endless())).error).toMatchObject({ code: "upstream_invalid_response" });
});

test("what follows the end does not matter", async () => {
  const facts: StreamFacts = { finished: false, usage: undefined };
  async function* provider() {
    yield lines(says("a"), { ...says(""), done: true });
    yield Buffer.from("more");
    throw new Error("the connection broke");
  }
  let finishedAtDone: boolean | undefined;
  for await (const frame of chat.frames(provider(), facts)) {
    if (Buffer.from(frame.bytes).includes("[DONE]")) finishedAtDone = facts.finished;
  }
  expect(finishedAtDone).toBe(true);
});
