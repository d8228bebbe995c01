/** all-MiniLM-L6-v2: what the code must know of it, and its files, which ship beside the code as data. */

export const MODEL = "all-minilm-l6-v2";
export const DIMENSIONS = 384;
/** With the two that every text begins and ends with; what is longer is cut. */
export const MAX_TOKENS = 256;
export const LAYERS = 6;
/** Columns of one attention head. */
export const HEAD = 32;
/** Columns between the two halves of a layer's feed-forward part. */
export const INNER = 1536;

const FOLDER = new URL("../../models/all-minilm-l6-v2/", import.meta.url);

export function modelFile(name: "weights.bin" | "layout.json" | "vocab.txt" | "kernels.wasm"): URL {
  return new URL(name, FOLDER);
}
