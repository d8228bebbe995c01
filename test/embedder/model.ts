/** What the suites of the embedding model share. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const modelFolder = `${root}models/all-minilm-l6-v2/`;

interface Golden {
  readonly text: string;
  readonly tokens: number;
  /** The first 24 of a long text. */
  readonly ids: readonly number[];
  /** The original's, in 32 bits. */
  readonly vector: readonly number[];
}

export const golden = JSON.parse(
  readFileSync(`${root}test/fixtures/embedder/golden.json`, "utf8"),
) as readonly Golden[];

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
