/** The corpora of ../shared/data/retrieval: pieces of 400 characters, and questions with the characters that answer them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const CORPORA = ["chatlogs", "state_of_the_union", "wikitexts", "pubmed", "finance"] as const;
export type CorpusName = (typeof CORPORA)[number];

/** Offsets of characters, the end exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Corpus {
  readonly chunks: readonly Span[];
  readonly texts: readonly string[];
  readonly questions: readonly { readonly text: string; readonly answers: readonly Span[] }[];
}

const CHUNK_CHARACTERS = 400;
/** What a text is split at, coarse to fine; what is still too long then is cut. */
const SEPARATORS = ["\n\n", "\n", " "];

export function loadCorpus(folder: string, name: CorpusName): Corpus {
  const text = readFileSync(join(folder, "corpora", `${name}.md`), "utf8");
  const chunks = split(text, { from: 0, to: text.length }, SEPARATORS);
  const [head, ...rows] = parseCsv(readFileSync(join(folder, "questions_df.csv"), "utf8"));
  const column = (title: string) => head!.indexOf(title);
  const questions = rows
    .filter((row) => row[column("corpus_id")] === name)
    .map((row) => ({ text: row[column("question")]!, answers: spansIn(row[column("references")]!) }));
  // A chunk of nothing but spaces is still a chunk.
  return { chunks, texts: chunks.map(({ from, to }) => text.slice(from, to).trim() || " "), questions };
}

function spansIn(references: string): Span[] {
  const all = JSON.parse(references) as { start_index: number; end_index: number }[];
  return all.map(({ start_index, end_index }) => ({ from: start_index, to: end_index }));
}

/** Pieces between separators, joined again as far as they fit. */
function split(text: string, whole: Span, separators: readonly string[]): Span[] {
  if (whole.to - whole.from <= CHUNK_CHARACTERS) return [whole];
  const [separator, ...finer] = separators;
  if (separator === undefined) return cutUp(whole);
  const chunks: Span[] = [];
  let open: Span | undefined;
  for (const piece of piecesOf(text, whole, separator)) {
    if (open && piece.to - open.from <= CHUNK_CHARACTERS) {
      open = { from: open.from, to: piece.to };
      continue;
    }
    if (open) chunks.push(open);
    open = piece.to - piece.from > CHUNK_CHARACTERS ? undefined : piece;
    if (!open) chunks.push(...split(text, piece, finer));
  }
  return open ? [...chunks, open] : chunks;
}

/** Each with the separator that ends it. */
function piecesOf(text: string, { from, to }: Span, separator: string): Span[] {
  const pieces: Span[] = [];
  let begin = from;
  while (begin < to) {
    const found = text.indexOf(separator, begin);
    const end = found < 0 ? to : Math.min(to, found + separator.length);
    pieces.push({ from: begin, to: end });
    begin = end;
  }
  return pieces;
}

function cutUp({ from, to }: Span): Span[] {
  const count = Math.ceil((to - from) / CHUNK_CHARACTERS);
  return Array.from({ length: count }, (_, at) => {
    const begin = from + at * CHUNK_CHARACTERS;
    return { from: begin, to: Math.min(to, begin + CHUNK_CHARACTERS) };
  });
}

/** Fields may be quoted, with quotes doubled inside. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}
