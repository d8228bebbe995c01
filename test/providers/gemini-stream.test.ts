import { describe, expect, test } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble } from "./anthropic-door.ts";
import {
  answerOf,
  complete,
  decode,
  decodeStream,
  eventStream,
  fixture,
  framesOf,
  jsonFixture,
  messageOf,
  NOW,
} from "./gemini-door.ts";

const PAIRS = ["text", "tools", "thinking", "grounding", "image", "blocked", "safety"];

const piece = (text: string, more: JsonObject = {}): JsonObject => {
  const { candidates, ...rest } = answerOf([{ text }]);
  const [{ finishReason: _, ...candidate }] = candidates as [JsonObject];
  return { ...rest, candidates: [{ ...candidate, ...more }] };
};
const bareError = JSON.stringify({ error: { code: 503, message: "Try later.", status: "UNAVAILABLE" } }, null, 2);

describe("a stream", () => {
  test("is chunks of one answer: role, text, end, usage", async () => {
    const { text, facts } = await decodeStream([fixture("text.sse")]);
    const head = `{"id":"txt-1_AnswerId","object":"chat.completion.chunk","created":${NOW / 1000},"model":"gemini-2.5-flash"`;
    const said = (delta: JsonObject) =>
      `data: ${head},"choices":[{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":null}]}`;
    const { usage } = decode(jsonFixture("text.json"));
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
    const body = fixture(`${name}.json`).toString();
    const { object: _, ...whole } = decode(body);
    const [{ logprobs: __, ...choice }] = whole.choices as [JsonObject];
    expect(error).toBeUndefined();
    expect(withoutIndexes(assemble(chunks))).toEqual({ ...whole, choices: [withContent(choice)] });
    expect(facts.usage).toEqual(complete(body).usage);
  });

  /** Streams say "" where a whole answer of tool calls alone says null. */
  function withContent(choice: JsonObject): JsonObject {
    const message = choice.message as JsonObject;
    return { ...choice, message: { ...message, content: message.content ?? "" } };
  }

  /** Pictures in a stream are counted, as tool calls are. */
  function withoutIndexes(answer: JsonObject): JsonObject {
    const message = messageOf(answer);
    const images = (message.images as JsonObject[] | undefined)?.map(({ index: _, ...image }) => image);
    const [choice] = answer.choices as [JsonObject];
    return { ...answer, choices: [{ ...choice, message: { ...message, ...(images ? { images } : {}) } }] };
  }

  test("is the same wherever the network cut it", async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`streams cut at random places, SEED=${seed}`);
    for (const name of [...PAIRS, "two"]) {
      const bytes = fixture(`${name}.sse`);
      const { text } = await decodeStream([bytes]);
      const random = seededRandom(seed, name);
      expect((await decodeStream(cutAt(bytes, [...bytes.keys()]))).text, `${name} byte by byte`).toBe(text);
      for (let round = 0; round < 30; round++) {
        const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
        expect((await decodeStream(pieces)).text, `${name} SEED=${seed} round ${round}`).toBe(text);
      }
      for (const end of ["\n", "\r"]) {
        const other = Buffer.from(bytes.toString().replaceAll("\r\n", end));
        expect((await decodeStream(cutAt(other, randomOffsets(other.length, random)))).text, `${name} ends`).toBe(text);
      }
    }
  });

  test("shows usage only to a client that asked, and always to the gateway", async () => {
    const { chunks, facts } = await decodeStream([fixture("tools.sse")], { stream_options: null });
    expect(chunks.every((chunk) => !("usage" in chunk))).toBe(true);
    expect(facts.usage).toMatchObject({ promptTokens: 80, completionTokens: 65, reasoningTokens: 40 });
  });

  test("tells what the prompt cost before the first word", async () => {
    const facts: StreamFacts = { finished: false, usage: undefined };
    await framesOf([fixture("text.sse").subarray(0, 300)], facts).next();
    expect(facts).toMatchObject({ finished: false, usage: { promptTokens: 12 } });
  });

  test("says nothing as long as there is nothing to say", async () => {
    const empty = { candidates: [{ content: { role: "model" }, index: 0 }], usageMetadata: { promptTokenCount: 3 } };
    const { chunks, error } = await decodeStream([eventStream(empty)]);
    expect(chunks).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_closed" });
  });

  test("of several candidates tells each one's words and end, and ends once", async () => {
    const { chunks, text } = await decodeStream([fixture("two.sse")]);
    const of = (index: number) =>
      chunks.map((chunk) => ({
        ...chunk,
        choices: (chunk.choices as JsonObject[]).filter((choice) => choice.index === index),
      }));
    expect(messageOf(assemble(of(0)))).toMatchObject({ content: "Yes" });
    expect(messageOf(assemble(of(1)))).toMatchObject({ content: "No" });
    const ends = chunks.flatMap((chunk) => (chunk.choices as JsonObject[]).map(({ finish_reason }) => finish_reason));
    expect(ends.filter(Boolean)).toEqual(["stop", "length"]);
    expect(chunks.some((chunk) => JSON.stringify(chunk).includes('"logprob":-0.25'))).toBe(true);
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  });

  test("brings speech in pieces, its id once", async () => {
    const sound = (data: string) => answerOf([{ inlineData: { mimeType: "audio/L16;rate=24000", data } }]);
    const { chunks } = await decodeStream([eventStream(sound("AAAA"), sound("BBBB"))]);
    const audio = chunks.flatMap(({ choices }) =>
      (choices as { delta: JsonObject }[]).flatMap(({ delta }) => delta.audio ?? []),
    );
    expect(audio).toEqual([{ id: "audio_0", data: "AAAA" }, { data: "BBBB" }]);
  });
});

describe("the end of a stream", () => {
  test("is the end of the bytes: a finish reason may come with every piece", async () => {
    const events = eventStream(answerOf([{ text: "First " }]), answerOf([{ text: "second" }]));
    const { chunks, error } = await decodeStream([events]);
    expect(error).toBeUndefined();
    expect(assemble(chunks)).toMatchObject({
      choices: [{ finish_reason: "stop", message: { content: "First second" } }],
    });
  });

  test("without a finish reason came too early", async () => {
    const { chunks, error, facts } = await decodeStream([eventStream(piece("Once upon"))]);
    expect(chunks).toHaveLength(2);
    expect(error).toMatchObject({ code: "upstream_closed" });
    expect(facts.finished).toBe(false);
  });

  test("of one of two candidates is not the end", async () => {
    const { error } = await decodeStream([eventStream(answerOf([{ text: "a" }]), piece("b", { index: 1 }))]);
    expect(error).toMatchObject({ code: "upstream_closed" });
  });

  test("inside an event came too early, even after a finish reason", async () => {
    const bytes = eventStream(answerOf([{ text: "a" }]), answerOf([{ text: "b" }]));
    for (const missing of [6, 20, 60]) {
      const { error } = await decodeStream([bytes.subarray(0, bytes.length - missing)]);
      expect(error, `${missing} bytes missing`).toMatchObject({ code: "upstream_closed" });
    }
  });

  test("may lack its blank line", async () => {
    const bytes = eventStream(answerOf([{ text: "a" }]));
    expect((await decodeStream([bytes.subarray(0, -4)])).error).toBeUndefined();
  });

  test("nothing at all is no answer", async () => {
    expect((await decodeStream([])).error).toMatchObject({ code: "upstream_closed" });
  });

  test("after a call that the model failed at is an error while nothing was said", async () => {
    const failed = answerOf([], { finishReason: "MALFORMED_FUNCTION_CALL" });
    const { chunks, error } = await decodeStream([eventStream(failed)]);
    expect(chunks).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_invalid_response" });
  });
});

describe("errors in a stream", () => {
  test.each([
    ["an event", `data: ${JSON.stringify(JSON.parse(bareError))}\r\n\r\n`],
    ["bare JSON", bareError],
    ["bare JSON with a blank line", `${bareError}\r\n\r\n`],
    ["bare JSON in a list", `[${bareError}]`],
    ["bare JSON on one line", JSON.stringify(JSON.parse(bareError))],
  ])("%s breaks it off, wherever it is cut", async (_, text) => {
    const bytes = Buffer.concat([eventStream(answerOf([{ text: "First" }])), Buffer.from(text)]);
    for (const pieces of [[bytes], cutAt(bytes, [...bytes.keys()])]) {
      const { chunks, error, text: sent } = await decodeStream(pieces);
      expect(assemble(chunks)).toMatchObject({ choices: [{ message: { content: "First" } }] });
      expect(error).toMatchObject({ code: "upstream_overloaded" });
      expect(sent).not.toContain("[DONE]");
    }
  });

  test("may come first, while another target can be asked", async () => {
    const { chunks, error } = await decodeStream([Buffer.from(`data: ${bareError.replaceAll(/\s+/g, " ")}\n\n`)]);
    expect(chunks).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_overloaded" });
  });

  test("what is no JSON is told when more comes", async () => {
    const broken = Buffer.concat([Buffer.from("data: {oops\n\n"), eventStream(answerOf([{ text: "a" }]))]);
    expect((await decodeStream([broken])).error).toMatchObject({ code: "upstream_invalid_response" });
  });

  test("an event longer than we can hold is one", async () => {
    const endless = Array.from({ length: 9 }, () => Buffer.alloc(1024 * 1024, 97));
    expect((await decodeStream([Buffer.from("data: "), ...endless])).error).toMatchObject({
      code: "upstream_invalid_response",
    });
  });

  test("comments and empty events are none", async () => {
    const bytes = Buffer.concat([Buffer.from(": keep-alive\r\n\r\ndata:\r\n\r\n"), fixture("text.sse")]);
    expect((await decodeStream([bytes])).error).toBeUndefined();
  });
});
