import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventSplitter, eventsOf, MAX_EVENT_BYTES, SseError } from "../../src/protocol/sse.ts";

/** Everything the splitter gives for bytes cut at these places, and what it holds back to the end. */
function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const splitter = new EventSplitter();
  const out: Uint8Array[] = [];
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (let at = 1; at < places.length; at++) {
    const whole = splitter.push(bytes.subarray(places[at - 1], places[at]));
    if (whole) out.push(whole);
  }
  const rest = splitter.flush();
  return rest ? [...out, rest] : out;
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const line = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => `data: ${text.replace(/[\r\n]/g, "")}`),
  fc.constantFrom(": keep-alive", "event: ping", "id: 7", "data:", "retry: 10", "unknown", "data: [DONE]"),
);
const event = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), lineEnd)
  .map(([lines, end]) => lines.join(end) + end + end);
const stream = fc
  .tuple(fc.array(event, { maxLength: 8 }), fc.constantFrom("", "data: cut off", "data: {}\n"))
  .map(([events, tail]) => Buffer.from(events.join("") + tail));

describe("splitting a stream into whole events", () => {
  it("gives every byte back in order, wherever the network cut it", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
        expect(Buffer.concat(split(bytes, cuts))).toEqual(bytes);
      }),
    );
  });

  it("reads the same events whatever the cuts", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
        const whole = eventsOf(bytes).map(({ event, data }) => ({ event, data }));
        const pieces = split(bytes, cuts).flatMap((piece) => eventsOf(piece));
        expect(pieces.map(({ event, data }) => ({ event, data }))).toEqual(whole);
      }),
    );
  });

  it("passes a chunk that ends with an event on as it is, without copying", () => {
    const chunk = Buffer.from("data: 1\n\n");
    expect(new EventSplitter().push(chunk)).toBe(chunk);
  });

  it("refuses an event that never ends instead of growing", () => {
    const splitter = new EventSplitter();
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const pushAll = () => {
      for (let sent = 0; sent <= MAX_EVENT_BYTES; sent += chunk.length) splitter.push(chunk);
    };
    expect(pushAll).toThrow(SseError);
  });
});

describe("reading events", () => {
  it.each([
    ["data: a\n\n", [{ event: undefined, data: "a" }]],
    ["data:a\ndata: b\n\n", [{ event: undefined, data: "a\nb" }]],
    ["\uFEFFdata: a\n\n", [{ event: undefined, data: "a" }]],
    ["event: error\ndata: {}\n\n", [{ event: "error", data: "{}" }]],
    [": comment\n\ndata: a\r\n\r\n", [{ event: undefined, data: "a" }]],
    ["data\n\n", []],
    ["data: last", [{ event: undefined, data: "last" }]],
    ["datax: a\nevent: b\n\n", []],
  ])("%j", (text, expected) => {
    expect(eventsOf(Buffer.from(text)).map(({ event, data }) => ({ event, data }))).toEqual(expected);
  });
});
