import { describe, expect, test } from "vitest";
import { estimateTokens } from "../../src/bridges/count-tokens/estimate.ts";
import { loadRecordings, type Recording } from "../conformance/recording.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";

const turn = (content: unknown) => ({ role: "user", content });
const tokensOf = (content: unknown) => estimateTokens({ messages: [turn(content)] });

const folder = sharedPath("recordings/", "The comparison of estimated tokens with counted ones");
const recordings = folder === undefined ? [] : loadRecordings(folder, "anthropic.messages-").recordings;
/** A picture's address tells nothing of its size; in a few words the frame around them weighs more than they do. */
const counted = recordings.filter(
  ({ request, expect }) => countedIn(expect) >= 100 && !JSON.stringify(request.body).includes('"type":"url"'),
);

function countedIn(expectation: Recording["expect"]): number {
  return expectation?.usage?.prompt_tokens ?? 0;
}

describe.skipIf(folder === undefined)("beside what Anthropic counted", () => {
  test.each(counted.map((one) => [one.file, one] as const))(
    "the estimate of %s is off by a quarter at most",
    (_, one) => {
      const ratio = estimateTokens(one.request.body) / countedIn(one.expect);
      expect(ratio).toBeGreaterThan(0.75);
      expect(ratio).toBeLessThan(1.25);
    },
  );
});

describe("an estimate of tokens", () => {
  test("grows with everything that is asked", () => {
    const asked = { messages: [turn("Hello")] };
    const sizes = [
      asked,
      { ...asked, system: "Be kind." },
      { ...asked, system: [{ type: "text", text: "Be kind." }], messages: [...asked.messages, turn("Again")] },
      { messages: [turn([{ type: "image", source: { type: "base64", data: "x" } }])] },
      { ...asked, tools: [{ name: "weather", input_schema: { type: "object" } }] },
    ].map(estimateTokens);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(new Set(sizes).size).toBe(sizes.length);
  });

  test("knows every kind of content, and survives what it does not know", () => {
    const source = { type: "text", media_type: "text/plain", data: "word ".repeat(100) };
    expect(tokensOf([{ type: "document", source }])).toBeGreaterThan(100);
    expect(tokensOf([{ type: "tool_result", content: "word ".repeat(100) }])).toBeGreaterThan(100);
    expect(tokensOf([{ type: "thinking", thinking: "word ".repeat(100) }])).toBeGreaterThan(100);
    const pdf = { type: "base64", media_type: "application/pdf", data: "A".repeat(270_000) };
    expect(tokensOf([{ type: "document", source: pdf }])).toBeGreaterThan(5000);
    expect(estimateTokens({})).toBe(0);
    expect(tokensOf([{ type: "unheard_of" }, null, 5])).toBeGreaterThan(0);
  });
});
