import { readFileSync } from "node:fs";
import { modelFile } from "./model.ts";
import { Instance, Module, type WasmMemory } from "./web-assembly.ts";

/** `kernels.as.ts` says what each does; arguments are byte offsets, then sizes. */
export type Kernels = Readonly<Record<KernelName, (...placesAndSizes: number[]) => void>>;
type KernelName = "interleave" | "lookUp" | "addNorm" | "quantize" | "linear" | "attention" | "gelu" | "pool";

export function startKernels(memory: WasmMemory): Kernels {
  const module = new Module(readFileSync(modelFile("kernels.wasm")));
  return new Instance(module, { env: { memory } }).exports as Kernels;
}
