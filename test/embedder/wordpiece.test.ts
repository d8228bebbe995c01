import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TOKENS } from "../../src/embedder/model.ts";
import { MAX_CHARACTERS, wordPiece } from "../../src/embedder/wordpiece.ts";
import { golden, modelFolder } from "./model.ts";

const vocabulary = readFileSync(`${modelFolder}vocab.txt`, "utf8");
const pieces = vocabulary.trimEnd().split("\n");
const tokenize = wordPiece(vocabulary);
const spoken = (text: string) =>
  tokenize(text)
    .ids.map((id) => pieces[id])
    .join(" ");

describe("the tokenizer", () => {
  it.each(golden.map(({ text, tokens, ids }) => ({ name: text.slice(0, 40), text, tokens, ids })))(
    "makes the original's ids of “$name”",
    ({ text, tokens, ids }) => {
      const found = tokenize(text).ids;
      expect([found.length, found.slice(0, ids.length)]).toEqual([tokens, ids]);
    },
  );

  it.each([
    ["Zürich's CAFÉ", "[CLS] zurich ' s cafe [SEP]"],
    ["ΟΔΟΣ", "[CLS] ο ##δ ##ο ##σ [SEP]"],
    ["a\u200bb\u00a0c\td", "[CLS] ab c d [SEP]"],
    ["東京", "[CLS] 東 京 [SEP]"],
    ["[MASK] [SEP]", "[CLS] [ mask ] [ sep ] [SEP]"],
    ["🙂", "[CLS] [UNK] [SEP]"],
    [`${"a".repeat(101)} b`, "[CLS] [UNK] b [SEP]"],
    ["", "[CLS] [SEP]"],
    [" \n\t ", "[CLS] [SEP]"],
    ["\ud800 lone", "[CLS] lone [SEP]"],
  ])("reads %j as BERT does", (text, words) => {
    expect(spoken(text)).toBe(words);
  });

  it("says of a text whether it was cut, and cuts at 256 ids", () => {
    const words = (count: number) => "word ".repeat(count);
    expect([tokenize(words(254)).cut, tokenize(words(254)).ids.length]).toEqual([false, MAX_TOKENS]);
    expect([tokenize(words(255)).cut, tokenize(words(255)).ids.length]).toEqual([true, MAX_TOKENS]);
    expect(tokenize(words(255)).ids).toEqual(tokenize(words(254)).ids);
    expect(tokenize(`${" ".repeat(MAX_CHARACTERS)}unread`)).toMatchObject({ ids: [101, 102], cut: true });
  });

  it("never throws and stays within its bounds, whatever the text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 2000 }),
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 1000 }).map((units) => String.fromCharCode(...units)),
      fc.tuple(fc.string({ minLength: 1, maxLength: 10 }), fc.nat(9000)).map(([part, times]) => part.repeat(times)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { ids } = tokenize(text);
        expect(ids.length).toBeGreaterThanOrEqual(2);
        expect(ids.length).toBeLessThanOrEqual(MAX_TOKENS);
        expect([ids[0], ids.at(-1)]).toEqual([101, 102]);
        expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < pieces.length)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads words the same way in any case and with any spaces between them", () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.constantFrom(" ", "\n", " \t ", "\u00a0"), (words, space) => {
        expect(tokenize(words.join(space).toUpperCase()).ids).toEqual(tokenize(words.join(" ")).ids);
      }),
    );
  });

  it("spends little on the longest text", () => {
    const startedAt = performance.now();
    for (const part of ["a", "a ", "é", "東", "!", "\u0301", "\ud83d\ude42"]) tokenize(part.repeat(3_000_000));
    const ms = performance.now() - startedAt;
    console.log(`seven texts of three million characters: ${ms.toFixed(0)} ms`);
    expect(ms).toBeLessThan(5000);
  });
});
