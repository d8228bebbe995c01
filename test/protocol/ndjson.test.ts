import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLines, LineError, MAX_LINE_BYTES } from "../../src/protocol/ndjson.ts";
import { cutAt } from "../conformance/cutting.ts";

async function read(pieces: Iterable<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { data, json } of jsonLines(asyncOf(pieces))) values.push(json ?? data);
  return values;
}

async function* asyncOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

test("any values come out as they went in, wherever the bytes are cut and however the lines end", async () => {
  const values = fc.array(fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) ?? "null"));
  const ends = fc.constantFrom("\n", "\r\n", "\n\n");
  await fc.assert(
    fc.asyncProperty(values, ends, fc.boolean(), fc.array(fc.nat(2000)), async (written, end, ended, offsets) => {
      const text = written.map((value) => JSON.stringify(value)).join(end) + (ended ? end : "");
      const bytes = Buffer.from(text);
      expect(await read([bytes])).toEqual(written);
      expect(await read(cutAt(bytes, offsets))).toEqual(written);
      expect(await read(cutAt(bytes, [...bytes.keys()]))).toEqual(written);
    }),
    { numRuns: 300 },
  );
});

test("a line that is no JSON is told as text", async () => {
  expect(await read([Buffer.from('{"a":1}\n{"b":\n')])).toEqual([{ a: 1 }, '{"b":']);
});

test("numbers longer than a double survive being written again", async () => {
  const [value] = await read([Buffer.from('{"id":12345678901234567890}\n')]);
  expect(JSON.stringify(value)).toBe('{"id":12345678901234567890}');
});

test("one line has a bound, many do not", async () => {
  const piece = Buffer.from(`"${"a".repeat((1 << 20) - 3)}"\n`);
  expect(await read(Array.from({ length: 10 }, () => piece))).toHaveLength(10);
  const pieces = Array.from({ length: MAX_LINE_BYTES / (1 << 20) + 1 }, () => Buffer.alloc(1 << 20, "a"));
  await expect(read(pieces)).rejects.toThrow(LineError);
});
