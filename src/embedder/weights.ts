/** Where the model's weights stand, as byte offsets in the kernels' memory. */
import type { ModelMemory } from "./memory.ts";
import { LAYERS } from "./model.ts";

/** A matrix of int8 with a scale for each output. */
export interface Linear {
  readonly w: number;
  readonly scales: number;
  readonly biases: number;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Norm {
  readonly w: number;
  readonly biases: number;
}

export interface Layer {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** From what attention found back to the row. */
  readonly output: Linear;
  readonly afterAttention: Norm;
  readonly widen: Linear;
  readonly narrow: Linear;
  readonly afterInner: Norm;
}

export interface Weights {
  readonly words: number;
  readonly wordScales: number;
  readonly positions: number;
  readonly first: Norm;
  readonly layers: readonly Layer[];
}

type Tensor = ModelMemory<string>["tensor"];

export function weightsIn(tensor: Tensor): Weights {
  const at = (name: string) => tensor(name)[0]!;
  return {
    words: at("word.w"),
    wordScales: at("word.s"),
    positions: at("position"),
    first: norm("ln0", tensor),
    layers: Array.from({ length: LAYERS }, (_, index) => layer(`${index}.`, tensor)),
  };
}

function layer(prefix: string, tensor: Tensor): Layer {
  const named = (name: string) => linear(prefix + name, tensor);
  return {
    query: named("q"),
    key: named("k"),
    value: named("v"),
    output: named("o"),
    afterAttention: norm(`${prefix}ln1`, tensor),
    widen: named("f"),
    narrow: named("g"),
    afterInner: norm(`${prefix}ln2`, tensor),
  };
}

function linear(name: string, tensor: Tensor): Linear {
  const [w, outputs, inputs] = tensor(`${name}.w`) as [number, number, number];
  return { w, scales: tensor(`${name}.s`)[0]!, biases: tensor(`${name}.b`)[0]!, inputs, outputs };
}

function norm(name: string, tensor: Tensor): Norm {
  return { w: tensor(`${name}.w`)[0]!, biases: tensor(`${name}.b`)[0]! };
}
