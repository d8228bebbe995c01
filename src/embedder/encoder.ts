/** The encoder: token ids to vectors, by WebAssembly kernels. Synchronous and busy: it belongs on a thread of its own. */
import { readFileSync } from "node:fs";
import { type ModelMemory, openMemory } from "./memory.ts";
import { DIMENSIONS, HEAD, INNER, LAYERS, MAX_TOKENS, modelFile } from "./model.ts";
import { Instance, Module } from "./web-assembly.ts";

export interface Encoder {
  /**
   * Vectors of length 1 for texts whose ids together are at most MAX_TOKENS. A text's vector is the same bytes in any
   * company.
   */
  encode(texts: readonly (readonly number[])[]): Float32Array<ArrayBuffer>[];
}

/** Reads the model from its files: 23 MB, some 40 ms. */
export function loadEncoder(): Encoder {
  const memory = openMemory(ROOMS);
  const kernels = startKernels(memory);
  const layers = Array.from({ length: LAYERS }, (_, layer) => layerOf(`${layer}.`, memory));
  for (const { q, k, v, o, f, g } of layers) {
    for (const { w, inputs, outputs } of [q, k, v, o, f, g]) {
      kernels.interleave(w, memory.room("inner"), inputs, outputs);
    }
  }
  return encoder(kernels, memory, layers);
}

/** What is computed, in bytes: room for a full batch of rows. */
const ROOMS = {
  ids: MAX_TOKENS * 4,
  x: MAX_TOKENS * DIMENSIONS * 4,
  q: MAX_TOKENS * DIMENSIONS * 4,
  k: MAX_TOKENS * DIMENSIONS * 4,
  v: MAX_TOKENS * DIMENSIONS * 4,
  context: MAX_TOKENS * DIMENSIONS * 4,
  inner: MAX_TOKENS * INNER * 4,
  quantized: MAX_TOKENS * INNER * 2,
  scales: MAX_TOKENS * 4,
  keys: HEAD * MAX_TOKENS * 4,
  scores: MAX_TOKENS * 4,
  vector: DIMENSIONS * 4,
};

/** Of which each weight is read once: as many as stay in a core's own cache (a quarter faster with 256 rows). */
const BLOCK_ROWS = 64;

/** kernels.as.ts says what each does; arguments are byte offsets, then sizes. */
type Kernels = Readonly<Record<KernelName, (...placesAndSizes: number[]) => void>>;
type KernelName = "interleave" | "lookUp" | "addNorm" | "quantize" | "linear" | "attention" | "gelu" | "pool";

function startKernels({ memory }: ModelMemory<keyof typeof ROOMS>): Kernels {
  const module = new Module(readFileSync(modelFile("kernels.wasm")));
  return new Instance(module, { env: { memory } }).exports as unknown as Kernels;
}

/** A matrix of weights with what belongs to it, as byte offsets. */
interface Linear {
  readonly w: number;
  readonly scales: number;
  readonly biases: number;
  readonly inputs: number;
  readonly outputs: number;
}

interface Norm {
  readonly w: number;
  readonly biases: number;
}

function layerOf(prefix: string, { tensor }: ModelMemory<string>) {
  const linear = (name: string): Linear => {
    const [w, outputs, inputs] = tensor(`${prefix}${name}.w`) as [number, number, number];
    return { w, scales: tensor(`${prefix}${name}.s`)[0]!, biases: tensor(`${prefix}${name}.b`)[0]!, inputs, outputs };
  };
  return {
    q: linear("q"),
    k: linear("k"),
    v: linear("v"),
    o: linear("o"),
    afterAttention: normOf(`${prefix}ln1`, tensor),
    f: linear("f"),
    g: linear("g"),
    afterInner: normOf(`${prefix}ln2`, tensor),
  };
}

function normOf(name: string, tensor: ModelMemory<string>["tensor"]): Norm {
  return { w: tensor(`${name}.w`)[0]!, biases: tensor(`${name}.b`)[0]! };
}

function encoder(
  kernels: Kernels,
  { memory, room, tensor }: ModelMemory<keyof typeof ROOMS>,
  layers: readonly ReturnType<typeof layerOf>[],
): Encoder {
  const [x, q, k, v] = [room("x"), room("q"), room("k"), room("v")];
  const [context, inner, quantized, scales] = [room("context"), room("inner"), room("quantized"), room("scales")];
  const ids = new Int32Array(memory.buffer, room("ids"), MAX_TOKENS);
  const vector = new Float32Array(memory.buffer, room("vector"), DIMENSIONS);
  const words = [tensor("word.w")[0]!, tensor("word.s")[0]!] as const;
  const positions = tensor("position")[0]!;
  const first = normOf("ln0", tensor);
  const rowOf = (place: number, row: number) => place + row * DIMENSIONS * 4;

  const quantize = (from: number, rows: number, columns: number) =>
    kernels.quantize(from, quantized, scales, rows, columns);
  const linear = ({ w, scales: wScales, biases, inputs, outputs }: Linear, out: number, rows: number) => {
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const from = [quantized + row * inputs * 2, scales + row * 4] as const;
      const count = Math.min(BLOCK_ROWS, rows - row);
      kernels.linear(...from, w, wScales, biases, out + row * outputs * 4, count, inputs, outputs);
    }
  };

  function begin(texts: readonly (readonly number[])[]): number {
    let rows = 0;
    for (const text of texts) {
      ids.set(text, rows);
      rows += text.length;
    }
    kernels.lookUp(room("ids"), ...words, x, rows);
    let row = 0;
    for (const { length } of texts) {
      kernels.addNorm(rowOf(x, row), positions, first.w, first.biases, length);
      row += length;
    }
    return rows;
  }

  return {
    encode(texts) {
      const rows = begin(texts);
      for (const layer of layers) {
        quantize(x, rows, DIMENSIONS);
        linear(layer.q, q, rows);
        linear(layer.k, k, rows);
        linear(layer.v, v, rows);
        let row = 0;
        for (const { length } of texts) {
          const [qs, ks, vs, out] = [q, k, v, context].map((place) => rowOf(place, row)) as [
            number,
            number,
            number,
            number,
          ];
          kernels.attention(qs, ks, vs, out, room("keys"), room("scores"), length);
          row += length;
        }
        quantize(context, rows, DIMENSIONS);
        linear(layer.o, context, rows);
        kernels.addNorm(x, context, layer.afterAttention.w, layer.afterAttention.biases, rows);
        quantize(x, rows, DIMENSIONS);
        linear(layer.f, inner, rows);
        kernels.gelu(inner, rows * INNER * 4);
        quantize(inner, rows, INNER);
        linear(layer.g, context, rows);
        kernels.addNorm(x, context, layer.afterInner.w, layer.afterInner.biases, rows);
      }
      let row = 0;
      return texts.map(({ length }) => {
        kernels.pool(rowOf(x, row), room("vector"), length);
        row += length;
        return vector.slice();
      });
    },
  };
}
