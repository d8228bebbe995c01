import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { makeToken, parseToken } from "../../../src/stores/keys/token.ts";

const BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

test("a new key has the published form and reads back as its parts", () => {
  const { text, id, secret } = makeToken();
  expect(text).toMatch(/^gate_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}$/);
  expect(text).toBe(`gate_${id}_${secret}`);
  expect(parseToken(text)).toEqual({ id, secret });
});

test("the last six characters are the CRC-32 of the rest in base 62, as a secret scanner would check it", () => {
  const { text } = makeToken();
  let value = 0;
  for (const digit of text.slice(-6)) value = value * 62 + BASE_62.indexOf(digit);
  expect(value).toBe(crc32(text.slice(0, -6)));
});

test("new keys differ, and use every letter about equally often", () => {
  const tokens = Array.from({ length: 2000 }, makeToken);
  expect(new Set(tokens.map(({ id }) => id)).size).toBe(2000);
  const counts = new Map<string, number>();
  for (const { secret } of tokens) {
    for (const letter of secret.slice(0, 26)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(62);
  const expected = (2000 * 26) / 62;
  for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
});

test("one wrong letter anywhere is noticed", () => {
  const { text } = makeToken();
  const position = fc.integer({ min: 0, max: text.length - 1 });
  const letter = fc.constantFrom(...BASE_62, "_", "-", "é", "\u0000");
  fc.assert(
    fc.property(position, letter, (at, wrong) => {
      fc.pre(text[at] !== wrong);
      expect(parseToken(text.slice(0, at) + wrong + text.slice(at + 1))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test("two neighbouring letters exchanged are noticed", () => {
  const { text } = makeToken();
  for (let at = 0; at + 1 < text.length; at++) {
    const exchanged = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
    if (exchanged !== text) expect(parseToken(exchanged)).toBeUndefined();
  }
});

test("a key cut short, with more at its end, or with space around it is none", () => {
  const { text } = makeToken();
  for (let length = 0; length < text.length; length++) expect(parseToken(text.slice(0, length))).toBeUndefined();
  for (const more of ["0", "\n", " ", "\u0000", text]) {
    expect(parseToken(text + more)).toBeUndefined();
    expect(parseToken(more + text)).toBeUndefined();
  }
});

test("no text makes it throw, and none but a key is one", () => {
  const anything = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^gate_\w{12}_\w{32}$/));
  fc.assert(
    fc.property(anything, (text) => {
      expect(parseToken(text)).toBeUndefined(); // one in 57 billion of the last kind has a matching checksum
    }),
    { numRuns: 5000 },
  );
});
