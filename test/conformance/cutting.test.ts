import { describe, expect, test } from "vitest";
import { cutAt, cuttingsOf, randomOffsets, seededRandom } from "./cutting.ts";

const body = Buffer.from('data: {"text":"Grüße 🦜"}\r\n\r\ndata: [DONE]\r\n\r\n');
const options = { seed: 7, rounds: 4, label: "a.json", stream: true };

describe("a cutting", () => {
  test("joins to the body again, and has no empty piece", () => {
    for (const { pieces } of cuttingsOf(body, options)) {
      expect(Buffer.concat(pieces)).toEqual(body);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
    }
  });

  test("comes whole, byte by byte and at random places", () => {
    const cuttings = cuttingsOf(body, options);
    expect(cuttings.map(({ name }) => name)).toEqual([
      "whole",
      "bytes",
      "random-1",
      "random-2",
      "random-3",
      "random-4",
    ]);
    expect(cuttings[0]!.pieces).toHaveLength(1);
    expect(cuttings[1]!.pieces).toHaveLength(body.length);
  });

  test("is the same for the same seed and recording, and another one for any other", () => {
    const lengths = (seed: number, label: string) =>
      cuttingsOf(body, { ...options, seed, label }).map(({ pieces }) => pieces.map(({ length }) => length));
    expect(lengths(7, "a.json")).toEqual(lengths(7, "a.json"));
    expect(lengths(8, "a.json")).not.toEqual(lengths(7, "a.json"));
    expect(lengths(7, "b.json")).not.toEqual(lengths(7, "a.json"));
  });

  test("leaves large bodies to the random rounds", () => {
    const names = cuttingsOf(Buffer.alloc(100_000, 97), options).map(({ name }) => name);
    expect(names).not.toContain("bytes");
  });

  test("spares whole answers all but one random round", () => {
    const names = cuttingsOf(body, { ...options, stream: false }).map(({ name }) => name);
    expect(names).toEqual(["whole", "random-1"]);
  });

  test("ignores offsets outside the body and doubles", () => {
    expect(cutAt(Buffer.from("abcd"), [0, 2, 2, 4, 9, -1]).map(String)).toEqual(["ab", "cd"]);
    expect(cutAt(Buffer.alloc(0), [])).toEqual([Buffer.alloc(0)]);
  });
});

describe("random offsets", () => {
  test("reach every place inside a body sooner or later", () => {
    const random = seededRandom(1, "x");
    const met = new Set(Array.from({ length: 200 }, () => randomOffsets(20, random)).flat());
    expect([...met].sort((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
  });

  test("are none where there is nothing to cut", () => {
    expect(randomOffsets(1, seededRandom(1, "x"))).toEqual([]);
  });
});
