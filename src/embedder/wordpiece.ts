/** BERT's uncased WordPiece: clean, split, lower case, strip accents; then of each word the longest known pieces first. */
import { MAX_TOKENS } from "./model.ts";

export interface Tokens {
  /** From 2 to MAX_TOKENS ids, the marks of beginning and end included. */
  readonly ids: readonly number[];
  /** The text was longer than what the ids stand for. */
  readonly cut: boolean;
}

export type Tokenize = (text: string) => Tokens;

/** Longer words are unknown as a whole, as in BERT. */
const LONGEST_WORD = 100;
/** Bound on the work for one text: no more of it is read than the longest words could fill the model with. */
export const MAX_CHARACTERS = MAX_TOKENS * LONGEST_WORD;

/** `vocabulary` has one piece a line; a piece's id is its line's number. Marks like `[SEP]` in a text are plain text. */
export function wordPiece(vocabulary: string): Tokenize {
  const pieces = vocabulary.split(/\r?\n/);
  const known = new Map(pieces.map((piece, id) => [piece, id]));
  const [begin, end, unknown] = ["[CLS]", "[SEP]", "[UNK]"].map((mark) => known.get(mark)!) as [number, number, number];

  /** Adds a word's pieces to `ids`. */
  function addWord(word: string, ids: number[]): void {
    const before = ids.length;
    let start = 0;
    while (start < word.length) {
      const found = longestPiece(word, start);
      if (!found) {
        ids.length = before;
        ids.push(unknown);
        return;
      }
      ids.push(found.id);
      start = found.end;
    }
  }

  function longestPiece(word: string, start: number): { id: number; end: number } | undefined {
    const prefix = start === 0 ? "" : "##";
    for (let end = word.length; end > start; end--) {
      const id = known.get(prefix + word.slice(start, end));
      if (id !== undefined) return { id, end };
    }
    return undefined;
  }

  return (text) => {
    const ids = [begin];
    let cut = text.length > MAX_CHARACTERS;
    for (const [word] of normalized(text.slice(0, MAX_CHARACTERS)).matchAll(WORD)) {
      if (ids.length >= MAX_TOKENS) break; // one more than fits is enough to know
      if (word.length > LONGEST_WORD && [...word].length > LONGEST_WORD) ids.push(unknown);
      else addWord(word, ids);
    }
    if (ids.length > MAX_TOKENS - 1) {
      ids.length = MAX_TOKENS - 1;
      cut = true;
    }
    ids.push(end);
    return { ids, cut };
  };
}

function normalized(text: string): string {
  return text
    .replace(NOISE, "")
    .replace(IDEOGRAPH, " $& ")
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replaceAll("Σ", "σ") // letter by letter, as BERT does: no final sigma
    .toLowerCase();
}

const NOISE = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu;
const IDEOGRAPH =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
/** A sign by itself, or what stands between signs and spaces. */
const WORD = /[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu;
