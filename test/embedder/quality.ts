/**
 * `node test/embedder/quality.ts`: what the built-in model is worth on ../shared/data, as a table beside the figures that
 * the model came with. Takes two minutes on two quiet cores; `quality.test.ts` does a part of it.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CallSignal } from "../../src/core/signal.ts";
import { EmbedderPool } from "../../src/embedder/pool.ts";
import { bm25 } from "./bm25.ts";
import { CORPORA, type Corpus, type CorpusName, loadCorpus, type Span } from "./corpora.ts";
import { cosine } from "./model.ts";

export const DATA = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

export type EmbedAll = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** On every core: nothing else is to be done meanwhile. */
export function embedOnAllCores(): { embed: EmbedAll; close: () => Promise<void> } {
  const patient = { firstByteMs: 3_600_000, idleMs: 3_600_000, totalMs: 3_600_000 };
  const pool = new EmbedderPool({ threads: availableParallelism(), maxWaiting: 100_000, idleMs: 60_000 });
  const embed: EmbedAll = async (texts) => {
    const request = { texts, form: "base64", signal: new CallSignal(), timeouts: patient } as const;
    return (await pool.embed(request)).map(({ json }) => {
      const bytes = Buffer.from(JSON.parse(Buffer.from(json).toString()) as string, "base64");
      return new Float32Array(new Uint8Array(bytes).buffer);
    });
  };
  return { embed, close: () => pool.close() };
}

export interface CacheFigures {
  /** The chance that of a pair that may be reused and one that must not, the first is the more alike. */
  readonly auc: number;
  /** The most pairs found by any threshold at which 95 % of what is found is right. */
  readonly recall: number;
  readonly threshold: number;
}

export async function cacheFigures(embed: EmbedAll): Promise<CacheFigures> {
  const lines = readFileSync(join(DATA, "semantic-cache/quora-pairs.jsonl"), "utf8").trim().split("\n");
  const pairs = lines.map((line) => JSON.parse(line) as { cached: string; query: string; reuse: boolean | number });
  const vectors = await embed(pairs.flatMap(({ cached, query }) => [cached, query]));
  const alike = pairs.map((_, at) => cosine(vectors[at * 2]!, vectors[at * 2 + 1]!));
  const right = alike.filter((_, at) => pairs[at]!.reuse);
  const wrong = alike.filter((_, at) => !pairs[at]!.reuse);
  const wins = right.flatMap((one) => wrong.map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
  const auc = wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
  return { auc, ...bestAtPrecision(0.95, { right, wrong }) };
}

function bestAtPrecision(precision: number, { right, wrong }: { right: readonly number[]; wrong: readonly number[] }) {
  const above = (list: readonly number[], threshold: number) => list.filter((value) => value >= threshold).length;
  let best = { recall: 0, threshold: 1 };
  for (const threshold of [...right, ...wrong].sort((a, b) => a - b)) {
    const [good, bad] = [above(right, threshold), above(wrong, threshold)];
    const recall = good / right.length;
    if (good / (good + bad) >= precision && recall > best.recall) best = { recall, threshold };
  }
  return best;
}

/** Share of the answers' characters that stand in the five chunks found first, as the mean over a corpus's questions. */
export interface RetrievalFigures {
  readonly dense: number;
  readonly words: number;
  /** Both lists joined by their ranks: each gives 1 / (10 + rank), or 1 / (60 + rank). */
  readonly joined10: number;
  readonly joined60: number;
}

export async function retrievalFigures(name: CorpusName, embed: EmbedAll): Promise<RetrievalFigures> {
  const corpus = loadCorpus(join(DATA, "retrieval"), name);
  const [chunks, questions] = await Promise.all([embed(corpus.texts), embed(corpus.questions.map(({ text }) => text))]);
  const score = bm25(corpus.texts);
  const rankings = corpus.questions.map(({ text }, at) => {
    const dense = ranked(chunks.map((chunk) => cosine(chunk, questions[at]!)));
    const words = ranked(score(text));
    return { dense, words, joined10: joined([words, dense], 10), joined60: joined([words, dense], 60) };
  });
  const mean = (kind: keyof RetrievalFigures) =>
    recall(
      corpus,
      rankings.map((ranking) => ranking[kind]),
    );
  return { dense: mean("dense"), words: mean("words"), joined10: mean("joined10"), joined60: mean("joined60") };
}

function ranked(scores: readonly number[]): number[] {
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
}

/** How much of each list counts. */
const JOINED_FROM = 100;

function joined(lists: readonly (readonly number[])[], constant: number): number[] {
  const scores = lists[0]!.map(() => 0);
  for (const list of lists) {
    for (const [rank, chunk] of list.slice(0, JOINED_FROM).entries()) scores[chunk]! += 1 / (constant + rank + 1);
  }
  return ranked(scores);
}

const TOP = 5;

function recall({ chunks, questions }: Corpus, rankings: readonly (readonly number[])[]): number {
  const shares = questions.map(({ answers }, at) => {
    const found = rankings[at]!.slice(0, TOP).map((chunk) => chunks[chunk]!);
    const common = answers.flatMap((answer) => found.map((chunk) => overlap(answer, chunk)));
    return sum(common) / sum(answers.map(({ from, to }) => to - from));
  });
  return sum(shares) / shares.length;
}

const overlap = (a: Span, b: Span) => Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

/** As they came with the model. */
export const KNOWN = {
  auc: 0.871,
  recall: 0.225,
  threshold: 0.943,
  dense: 0.702,
  words: 0.739,
  joined60: 0.745,
  joined10: 0.762,
} as const;

async function main(): Promise<void> {
  const { embed, close } = embedOnAllCores();
  const startedAt = performance.now();
  const cache = await cacheFigures(embed);
  const corpora: RetrievalFigures[] = [];
  for (const name of CORPORA) {
    const figures = await retrievalFigures(name, embed);
    console.log(name.padEnd(20), ...Object.entries(figures).map(([kind, value]) => `${kind} ${value.toFixed(3)} `));
    corpora.push(figures);
  }
  await close();
  const mean = (kind: keyof RetrievalFigures) => sum(corpora.map((one) => one[kind])) / corpora.length;
  const kinds = ["dense", "words", "joined60", "joined10"] as const;
  const found = { ...cache, ...Object.fromEntries(kinds.map((kind) => [kind, mean(kind)])) } as Record<
    keyof typeof KNOWN,
    number
  >;
  console.log("\nfigure      here   known  within 0.01");
  for (const [name, known] of Object.entries(KNOWN) as [keyof typeof KNOWN, number][]) {
    const near = Math.abs(found[name] - known) <= 0.01;
    if (!near) process.exitCode = 1;
    console.log(name.padEnd(10), found[name].toFixed(4), known.toFixed(3).padStart(7), near ? " yes" : " NO");
  }
  console.log(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

if (import.meta.main) await main();
