import { type Kernels, startKernels } from "./kernels.ts";
import { type ModelMemory, openMemory } from "./memory.ts";
import { DIMENSIONS, HEAD, INNER, MAX_TOKENS } from "./model.ts";
import { type Layer, type Linear, type Norm, type Weights, weightsIn } from "./weights.ts";

/** A text's token ids. */
type Ids = readonly number[];

/** The rows of one text among those of a batch. */
interface Rows {
  readonly from: number;
  readonly count: number;
}

const FLOAT_BYTES = 4;
const SHORT_BYTES = 2;
const ROW_BYTES = DIMENSIONS * FLOAT_BYTES;

/** What is computed, in bytes: room for a full batch of rows. */
const ROOMS = {
  ids: MAX_TOKENS * 4,
  x: MAX_TOKENS * ROW_BYTES,
  query: MAX_TOKENS * ROW_BYTES,
  key: MAX_TOKENS * ROW_BYTES,
  value: MAX_TOKENS * ROW_BYTES,
  found: MAX_TOKENS * ROW_BYTES,
  inner: MAX_TOKENS * INNER * FLOAT_BYTES,
  quantized: MAX_TOKENS * INNER * SHORT_BYTES,
  scales: MAX_TOKENS * FLOAT_BYTES,
  keys: HEAD * MAX_TOKENS * FLOAT_BYTES,
  scores: MAX_TOKENS * FLOAT_BYTES,
  vector: ROW_BYTES,
};

type Place = Readonly<Record<keyof typeof ROOMS, number>>;

/** Of which each weight is read once: as many as stay in a core's own cache (a quarter faster with 256 rows). */
const BLOCK_ROWS = 64;

/**
 * From token ids to vectors of length 1, by WebAssembly kernels. Synchronous and busy: it belongs on a thread of its own.
 * Reads the model from its files when it is made: 23 MB, some 40 ms.
 */
export class Encoder {
  readonly #kernels: Kernels;
  readonly #weights: Weights;
  readonly #place: Place;
  readonly #ids: Int32Array;
  readonly #vector: Float32Array<ArrayBuffer>;

  constructor() {
    const model: ModelMemory<keyof typeof ROOMS> = openMemory(ROOMS);
    const { buffer } = model.memory;
    this.#kernels = startKernels(model.memory);
    this.#weights = weightsIn(model.tensor);
    this.#place = model.rooms;
    this.#ids = new Int32Array(buffer, model.rooms.ids, MAX_TOKENS);
    this.#vector = new Float32Array(buffer, model.rooms.vector, DIMENSIONS);
    for (const { query, key, value, output, widen, narrow } of this.#weights.layers) {
      for (const { w, inputs, outputs } of [query, key, value, output, widen, narrow]) {
        this.#kernels.interleave(w, this.#place.inner, inputs, outputs);
      }
    }
  }

  /** The texts' ids together are at most MAX_TOKENS. A text's vector is the same bytes in any company. */
  encode(texts: readonly Ids[]): Float32Array<ArrayBuffer>[] {
    const rows = rowsOf(texts);
    const count = texts.reduce((sum, { length }) => sum + length, 0);
    this.#begin(texts, rows, count);
    for (const layer of this.#weights.layers) {
      this.#attend(layer, rows, count);
      this.#think(layer, count);
    }
    return rows.map((one) => this.#vectorOf(one));
  }

  /** Rows of words and their positions. */
  #begin(texts: readonly Ids[], rows: readonly Rows[], count: number): void {
    const { words, wordScales, positions, first } = this.#weights;
    const { ids, x } = this.#place;
    for (const [index, { from }] of rows.entries()) this.#ids.set(texts[index]!, from);
    this.#kernels.lookUp(ids, words, wordScales, x, count);
    for (const own of rows) this.#addNorm(positions, first, own);
  }

  /** The rows of each text take in from one another. */
  #attend({ query, key, value, output, afterAttention }: Layer, rows: readonly Rows[], count: number): void {
    const place = this.#place;
    this.#quantize(place.x, query.inputs, count);
    this.#linear(query, place.query, count);
    this.#linear(key, place.key, count);
    this.#linear(value, place.value, count);
    for (const { from, count: own } of rows) {
      const at = from * ROW_BYTES;
      const [q, k, v, found] = [place.query + at, place.key + at, place.value + at, place.found + at] as const;
      this.#kernels.attention(q, k, v, found, place.keys, place.scores, own);
    }
    this.#quantize(place.found, output.inputs, count);
    this.#linear(output, place.found, count);
    this.#addNorm(place.found, afterAttention, { from: 0, count });
  }

  /** Each row by itself. */
  #think({ widen, narrow, afterInner }: Layer, count: number): void {
    const { x, inner, found } = this.#place;
    this.#quantize(x, widen.inputs, count);
    this.#linear(widen, inner, count);
    this.#kernels.gelu(inner, count * INNER * FLOAT_BYTES);
    this.#quantize(inner, narrow.inputs, count);
    this.#linear(narrow, found, count);
    this.#addNorm(found, afterInner, { from: 0, count });
  }

  #vectorOf({ from, count }: Rows): Float32Array<ArrayBuffer> {
    this.#kernels.pool(this.#place.x + from * ROW_BYTES, this.#place.vector, count);
    return this.#vector.slice();
  }

  #quantize(from: number, columns: number, count: number): void {
    this.#kernels.quantize(from, this.#place.quantized, this.#place.scales, count, columns);
  }

  /** Of what was quantized last. */
  #linear({ w, scales, biases, inputs, outputs }: Linear, out: number, count: number): void {
    for (let from = 0; from < count; from += BLOCK_ROWS) {
      const x = this.#place.quantized + from * inputs * SHORT_BYTES;
      const xScales = this.#place.scales + from * FLOAT_BYTES;
      const to = out + from * outputs * FLOAT_BYTES;
      this.#kernels.linear(x, xScales, w, scales, biases, to, Math.min(BLOCK_ROWS, count - from), inputs, outputs);
    }
  }

  /** To the rows of x from `from` on. */
  #addNorm(added: number, { w, biases }: Norm, { from, count }: Rows): void {
    this.#kernels.addNorm(this.#place.x + from * ROW_BYTES, added, w, biases, count);
  }
}

function rowsOf(texts: readonly Ids[]): Rows[] {
  let from = 0;
  return texts.map(({ length: count }) => {
    const rows = { from, count };
    from += count;
    return rows;
  });
}
