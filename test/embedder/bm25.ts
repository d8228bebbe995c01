/** BM25 over light stems: what the embedding model is measured against, and mixed with. */

const K1 = 1.2;
const B = 0.75;

/** Every document's score for a question. */
export type Score = (question: string) => readonly number[];

export function bm25(documents: readonly string[]): Score {
  const words = documents.map(wordsOf);
  const meanLength = words.reduce((sum, { length }) => sum + length, 0) / words.length;
  const postings = postingsOf(words);
  return (question) => {
    const scores = documents.map(() => 0);
    for (const word of new Set(wordsOf(question))) {
      const found = postings.get(word) ?? new Map<number, number>();
      const rarity = Math.log(1 + (documents.length - found.size + 0.5) / (found.size + 0.5));
      for (const [at, times] of found) {
        const length = K1 * (1 - B + (B * words[at]!.length) / meanLength);
        scores[at]! += (rarity * times * (K1 + 1)) / (times + length);
      }
    }
    return scores;
  };
}

/** Word → document → how often it stands there. */
function postingsOf(documents: readonly (readonly string[])[]): Map<string, Map<number, number>> {
  const postings = new Map<string, Map<number, number>>();
  for (const [at, words] of documents.entries()) {
    for (const word of words) {
      const found = postings.get(word) ?? new Map<number, number>();
      postings.set(word, found.set(at, (found.get(at) ?? 0) + 1));
    }
  }
  return postings;
}

function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem);
}

function stem(word: string): string {
  return word.length < 4 ? word : word.replace(/(ing|edly|ed|ies|es|s|ly)$/, "");
}
