import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Encoder } from "../../src/embedder/encoder.ts";
import { MAX_TOKENS } from "../../src/embedder/model.ts";
import { wordPiece } from "../../src/embedder/wordpiece.ts";
import { cosine, golden, modelFolder, root } from "./model.ts";

const tokenize = wordPiece(readFileSync(`${modelFolder}vocab.txt`, "utf8"));
const encoder = new Encoder();
const encode = (text: string) => encoder.encode([tokenize(text).ids])[0]!;
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytesOf = (vector: Float32Array) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

describe("the encoder", () => {
  it("means what the original means: every golden vector within a cosine of 0.995", () => {
    const cosines = golden.map(({ text, vector }) => ({ text, cosine: cosine(encode(text), vector) }));
    const worst = cosines.reduce((a, b) => (b.cosine < a.cosine ? b : a));
    console.log(
      `worst of ${golden.length} golden cosines: ${worst.cosine.toFixed(5)} for ${JSON.stringify(worst.text)}`,
    );
    expect(worst.cosine).toBeGreaterThanOrEqual(0.995);
  });

  it("gives vectors of length 1", () => {
    for (const { text } of golden) expect(Math.hypot(...encode(text))).toBeCloseTo(1, 5);
  });

  it("gives the same bytes as on every other machine and in every other run", () => {
    const all = Buffer.concat(golden.map(({ text }) => bytesOf(encode(text))));
    expect(hashOf(all)).toBe(VECTORS);
    const fresh = new Encoder();
    const again = golden.map(({ text }) => bytesOf(fresh.encode([tokenize(text).ids])[0]!));
    expect(hashOf(Buffer.concat(again))).toBe(VECTORS);
  });

  it("gives a text the same bytes in any company, before and after any other", () => {
    const words = golden.flatMap(({ text }) => text.split(" "));
    const text = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((some) => some.join(" "));
    const alone = new Map<string, string>();
    const hashAlone = (one: string) => {
      const known = alone.get(one) ?? hashOf(bytesOf(encode(one)));
      alone.set(one, known);
      return known;
    };
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 12 }), (texts) => {
        const fitting: string[] = [];
        let rows = 0;
        for (const one of texts) {
          rows += tokenize(one).ids.length;
          if (rows <= MAX_TOKENS) fitting.push(one);
        }
        const together = encoder.encode(fitting.map((one) => tokenize(one).ids));
        expect(together.map((vector) => hashOf(bytesOf(vector)))).toEqual(fitting.map(hashAlone));
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("embeds at least 100 short questions in a second of one core", () => {
    const { texts, cpuMs } = measured();
    const perSecond = (texts * 1000) / cpuMs;
    console.log(`short questions, one by one: ${perSecond.toFixed(0)} in a second of CPU time`);
    expect(perSecond).toBeGreaterThanOrEqual(100);
  });
});

describe("the model's files", () => {
  it("are the ones its vectors are known by", () => {
    expect(hashOf(readFileSync(`${modelFolder}weights.bin`))).toBe(WEIGHTS);
  });

  it("hold kernels that are what the compiler makes of their source", () => {
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-kernels-"));
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [command, ...args] = (scripts.kernels as string).split(" ");
    const made = join(folder, "kernels.wasm");
    const elsewhere = args.map((word) => (word.endsWith("kernels.wasm") ? made : word));
    const result = spawnSync(join(root, "node_modules/.bin", command!), elsewhere, { cwd: root, encoding: "utf8" });
    expect([result.stderr, result.status]).toEqual(["", 0]);
    expect(hashOf(readFileSync(made))).toBe(hashOf(readFileSync(`${modelFolder}kernels.wasm`)));
    rmSync(folder, { recursive: true });
  });

  it("carry the licence and the notice that their authors ask for", () => {
    expect(readFileSync(`${modelFolder}LICENSE`, "utf8")).toContain("Apache License");
    expect(readFileSync(`${modelFolder}NOTICE`, "utf8")).toMatch(/sentence-transformers\/all-MiniLM-L6-v2/);
  });
});

/** CPU time of the best of five rounds: other processes on the machine take theirs out of caches and turns. */
function measured() {
  const texts = golden.map(({ text }) => text).filter((text) => text.endsWith("?"));
  for (let warm = 0; warm < 60; warm++) encode(texts[warm % texts.length]!);
  let cpuMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const before = process.threadCpuUsage();
    for (let at = 0; at < 30; at++) encode(texts[at % texts.length]!);
    const { user, system } = process.threadCpuUsage(before);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
  }
  return { texts: 30, cpuMs };
}

const WEIGHTS = "2c64646513386df2cd0fd63d0d03f3c12ebdd98c0accc1569e67f23ec4ccb6ce";
const VECTORS = "9d620ad87c7d5db6974d9c890773df4f1d7394ab6c6d8c07850cf6bc3685addd";
