import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EventMessage, eventMessages, MessageSplitter } from "../../src/providers/bedrock/event-stream.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { asyncOf, eventOf, frameOf } from "./bedrock-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

async function read(pieces: Iterable<Uint8Array>): Promise<EventMessage[]> {
  const messages: EventMessage[] = [];
  for await (const message of eventMessages(asyncOf(pieces))) messages.push(message);
  return messages;
}

const texts = (messages: readonly EventMessage[]) => messages.map(({ payload }) => payload.toString());

describe("a stream of messages", () => {
  test("is read with headers and payload, an empty one as well", async () => {
    const [first, second] = await read([eventOf("chunk", { a: 1 }), frameOf([], Buffer.alloc(0))]);
    expect(first!.headers).toEqual({
      ":event-type": "chunk",
      ":content-type": "application/json",
      ":message-type": "event",
    });
    expect(JSON.parse(first!.payload.toString())).toMatchObject({ a: 1 });
    expect(second).toEqual({ headers: {}, payload: Buffer.alloc(0) });
  });

  test("may hold headers of every type; only text is told", async () => {
    const lengths = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];
    const others = lengths.flatMap((length, type) =>
      length === undefined ? [] : [[`type ${type}`, { type, bytes: Buffer.alloc(length) }] as const],
    );
    const bytes = ["bytes", { type: 6, bytes: Buffer.from([0, 3, 1, 2, 3]) }] as const;
    const frame = frameOf([["first", "1"], ...others, bytes, ["last", "é"]], Buffer.from("x"));
    expect((await read([frame]))[0]!.headers).toEqual({ first: "1", last: "é" });
  });

  test("says the same wherever it is cut", async () => {
    console.log(`event streams cut at random places, SEED=${seed}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 300 }), { maxLength: 8 }),
        async (payloads) => {
          const stream = Buffer.concat(payloads.map((text, at) => frameOf([["n", String(at)]], Buffer.from(text))));
          const random = seededRandom(seed, payloads.join());
          expect(texts(await read([stream]))).toEqual(payloads);
          expect(texts(await read(cutAt(stream, randomOffsets(stream.length, random))))).toEqual(payloads);
          expect(texts(await read(cutAt(stream, [...stream.keys()])))).toEqual(payloads);
        },
      ),
      { numRuns: 100, seed },
    );
  });

  test("of many small pieces is held without copying it again and again", () => {
    const frame = frameOf([], Buffer.alloc(4_000_000, 1));
    const splitter = new MessageSplitter();
    const startedAt = performance.now();
    let read = 0;
    for (let at = 0; at < frame.length; at += 100) read += splitter.push(frame.subarray(at, at + 100)).length;
    expect(read).toBe(1);
    expect(splitter.pendingBytes).toBe(0);
    // 40,000 pieces of a message copied anew for each would be 80 GB.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

describe("a stream that is broken", () => {
  const good = eventOf("chunk", { a: 1 });
  const spoilt = (at: number) => {
    const bytes = Buffer.from(good);
    bytes[at] = bytes[at]! ^ 1;
    return bytes;
  };

  test.each([...good.keys()])("is refused when the byte %i is wrong", async (at) => {
    await expect(read([good, spoilt(at)])).rejects.toMatchObject({ code: "upstream_invalid_response" });
  });

  test("is refused before a message that is too long is waited for", async () => {
    const prelude = frameOf([], Buffer.alloc(17 * 1024 * 1024)).subarray(0, 12);
    await expect(read([prelude])).rejects.toThrow("too long");
  });

  test("is told as closed when it ends inside a message", async () => {
    await expect(read([good, good.subarray(0, 30)])).rejects.toMatchObject({ code: "upstream_closed" });
    await expect(read([good, good.subarray(0, 3)])).rejects.toMatchObject({ code: "upstream_closed" });
  });

  test.each([
    ["of an unknown type", [["n", { type: 10, bytes: Buffer.alloc(2) }]]],
    ["longer than all of them", [["n", { type: 7, bytes: Buffer.from([0, 200, 1]) }]]],
    ["without a value", [["n", { type: 4, bytes: Buffer.alloc(1) }]]],
    ["without the length of its value", [["n", { type: 7, bytes: Buffer.alloc(1) }]]],
  ] as const)("is refused for a header %s", async (_, headers) => {
    await expect(read([frameOf(headers, Buffer.alloc(0))])).rejects.toThrow("header");
  });
});
