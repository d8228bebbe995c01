import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamFacts } from "../../src/core/provider.ts";
import { decodeOpenAIError } from "../../src/providers/openai-errors.ts";
import { passedEvents } from "../../src/providers/pass/stream.ts";

async function* cutAt(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    if (cut > at) yield bytes.subarray(at, cut);
    at = Math.max(at, cut);
  }
}

async function pass(text: string, cuts: readonly number[]) {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const out: Uint8Array[] = [];
  const bytes = cutAt(Buffer.from(text), cuts);
  let error: unknown;
  try {
    for await (const frame of passedEvents(bytes, { facts, decodeError: decodeOpenAIError })) out.push(frame.bytes);
  } catch (thrown) {
    error = thrown;
  }
  return { out: Buffer.concat(out).toString(), facts, error };
}

const long = "A".repeat(200_000);
const done = (picture: string) =>
  `event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"${picture}","usage":{"input_tokens":3,"output_tokens":50,"input_tokens_details":{"text_tokens":3}}}`;
const part = (picture: string) => `data: {"type":"image_generation.partial_image","b64_json":"${picture}"}`;

describe("events that pass", () => {
  it("come out as they went in, wherever they are cut, whatever their length and line ends", async () => {
    const events = fc.array(fc.constantFrom(part("AA"), part(long), ": comment", done("BB"), done(long)), {
      maxLength: 4,
    });
    const blank = fc.constantFrom("\n\n", "\r\n\r\n");
    const cuts = fc.array(fc.nat(900_000), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(events, fc.constantFrom(done("C"), done(long)), blank, cuts, async (before, last, end, at) => {
        const text = [...before, last].map((one) => one.replaceAll("\n", end.slice(0, end.length / 2)) + end).join("");
        const { out, facts, error } = await pass(
          text,
          at.map((cut) => cut % text.length),
        );
        expect(error).toBeUndefined();
        expect(out === text).toBe(true);
        expect(facts).toMatchObject({ finished: true, usage: { promptTokens: 3, completionTokens: 50 } });
      }),
      { numRuns: 150 },
    );
  });

  it("end in an error when the last one is missing, cut or not", async () => {
    for (const text of [
      `${part("A")}\n\n`,
      `${part(long)}\n\n`,
      `${part("A")}\n\n${done(long).slice(0, -9000)}`,
      done("A").slice(0, -3),
    ]) {
      const { error, out } = await pass(text, [10, 70_000, 70_001]);
      expect(error).toMatchObject({ code: "upstream_closed" });
      expect(text.startsWith(out)).toBe(true);
    }
  });

  it("of other servers end with the stream", async () => {
    const { facts, error } = await pass('data: {"choices":[]}\n\ndata: {"text":"x"}\n\n', []);
    expect([facts.finished, error]).toEqual([true, undefined]);
  });

  it("stop at an error, wherever it is cut", async () => {
    const text = `${part(long)}\n\nevent: error\ndata: {"type":"error","error":{"message":"no more","code":"rate_limit_exceeded"}}\n\n`;
    for (let cut = 0; cut < 120; cut += 7) {
      const { error, out } = await pass(text, [text.length - cut]);
      expect(error).toMatchObject({ code: "upstream_rate_limited" });
      expect(out.startsWith(part(long)) && !out.includes("error")).toBe(true);
    }
  });
});
