import { afterAll, describe, expect, it } from "vitest";
import { sharedPath } from "../providers/anthropic-shared.ts";
import { cacheFigures, embedOnAllCores, KNOWN, retrievalFigures } from "./quality.ts";

const data = sharedPath("data/retrieval", "What the built-in model is worth");

describe.skipIf(data === undefined)("the built-in model", () => {
  const { embed, close } = embedOnAllCores();
  afterAll(close);

  it("tells questions that may share an answer from others as well as it was measured to", async () => {
    const { auc, recall, threshold } = await cacheFigures(embed);
    const found = `AUC ${auc.toFixed(4)}, recall ${recall.toFixed(3)} at precision .95 from ${threshold.toFixed(4)}`;
    console.log(`400 question pairs (semantic-cache/quora-pairs.jsonl): ${found}`);
    expect(Math.abs(auc - KNOWN.auc)).toBeLessThanOrEqual(0.01);
    expect(Math.abs(recall - KNOWN.recall)).toBeLessThanOrEqual(0.01);
    expect(Math.abs(threshold - KNOWN.threshold)).toBeLessThanOrEqual(0.01);
  }, 120_000);

  // The two smallest of the five; `node test/embedder/quality.ts` measures all, whose mean is the known figure.
  it.each([
    ["chatlogs", { dense: 0.832, words: 0.758, joined10: 0.845 }],
    ["state_of_the_union", { dense: 0.854, words: 0.884, joined10: 0.958 }],
  ] as const)(
    "finds what answers questions about %s as well as it was measured to",
    async (name, known) => {
      const found = await retrievalFigures(name, embed);
      console.log(`${name}: recall of the top 5`, JSON.stringify(found));
      for (const kind of ["dense", "words", "joined10"] as const) expect(found[kind]).toBeCloseTo(known[kind], 2);
    },
    120_000,
  );
});
