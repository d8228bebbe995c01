/** The kernels' memory: the model's weights as they stand in their file, and behind them room for what is computed. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { modelFile } from "./model.ts";
import { Memory, type WasmMemory } from "./web-assembly.ts";

export interface ModelMemory<Room extends string> {
  readonly memory: WasmMemory;
  /** The byte offset of each room. */
  readonly rooms: Readonly<Record<Room, number>>;
  /** Where a tensor stands, as byte offset, and its shape. */
  tensor(name: string): readonly number[];
}

/** `rooms` says how many bytes each takes. Throws when the weights are not all there. */
export function openMemory<Room extends string>(rooms: Readonly<Record<Room, number>>): ModelMemory<Room> {
  const layout = JSON.parse(readFileSync(modelFile("layout.json"), "utf8")) as Record<string, readonly number[]>;
  const file = openSync(modelFile("weights.bin"), "r");
  try {
    const bytes = fstatSync(file).size;
    const [lastTensor, rows, columns] = layout["word.w"] as [number, number, number];
    if (bytes !== lastTensor + rows * columns)
      throw new Error(`The embedding model's weights are ${bytes} bytes long.`);
    const { places, end } = placesOf(rooms, bytes);
    const memory = new Memory({ initial: Math.ceil(end / PAGE_BYTES) });
    readAll(file, new Uint8Array(memory.buffer, 0, bytes));
    return { memory, rooms: places, tensor: (name) => layout[name]! };
  } finally {
    closeSync(file);
  }
}

const PAGE_BYTES = 65_536;
/** What the kernels' widest loads are aligned to. */
const ALIGNED_TO = 16;

function placesOf<Room extends string>(rooms: Readonly<Record<Room, number>>, behind: number) {
  let end = behind;
  const places = {} as Record<Room, number>;
  for (const [name, bytes] of Object.entries<number>(rooms)) {
    const begin = Math.ceil(end / ALIGNED_TO) * ALIGNED_TO;
    places[name as Room] = begin;
    end = begin + bytes;
  }
  return { places, end };
}

/** One read may stop early. */
function readAll(file: number, into: Uint8Array): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, into.length - at, at);
    if (read === 0) throw new Error("The embedding model's weights ended early.");
    at += read;
  }
}
