/** Newline-delimited JSON as bytes: whole lines wherever the network cut them. */
import { parseExactly } from "./exact-json.ts";

export interface JsonLine {
  /** The line's text, without its end. */
  readonly data: string;
  /** Undefined when the line is no JSON; numbers too long for a double survive being written again. */
  readonly json: unknown;
}

/** A stream that is no longer lines we can carry: one longer than `MAX_LINE_BYTES`. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** Bound on what one unfinished line may hold in memory: as much as an event of SSE. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

const LF = 10;

/** The lines of a byte stream, one by one; blank ones are left out, the last may lack its end. */
export async function* jsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<JsonLine, void> {
  const splitter = new LineSplitter();
  for await (const chunk of bytes) {
    const whole = splitter.push(chunk);
    if (whole) yield* linesOf(whole);
  }
  const rest = splitter.flush();
  if (rest) yield* linesOf(rest);
}

/** Cuts a byte stream into runs of whole lines. */
class LineSplitter {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** The lines that this chunk completes, or undefined. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const cut = chunk.lastIndexOf(LF) + 1;
    if (cut === 0) {
      this.#hold(chunk);
      return undefined;
    }
    const whole = this.#pendingBytes === 0 ? chunk.subarray(0, cut) : this.#joined(chunk.subarray(0, cut));
    this.#hold(chunk.subarray(cut));
    return whole;
  }

  flush(): Uint8Array | undefined {
    return this.#pendingBytes === 0 ? undefined : this.#joined(new Uint8Array(0));
  }

  #joined(end: Uint8Array): Uint8Array {
    const whole = Buffer.concat([...this.#pending, end]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return whole;
  }

  #hold(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes > MAX_LINE_BYTES) throw new LineError(`A line is longer than ${MAX_LINE_BYTES} bytes.`);
    this.#pending.push(chunk);
  }
}

const decoder = new TextDecoder();

function linesOf(bytes: Uint8Array): JsonLine[] {
  const lines = decoder.decode(bytes).split("\n");
  return lines.filter((line) => line.trim() !== "").map((data) => ({ data, json: parseExactly(data) }));
}
