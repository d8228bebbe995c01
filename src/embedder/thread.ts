import { Worker } from "node:worker_threads";
import type { Batch, BatchAnswer } from "./batch.ts";

export interface ThreadOptions {
  /** The file that the thread runs. */
  readonly entry: URL;
  /** A thread without work for so long ends, and gives its memory back. */
  readonly idleMs: number;
  answered(thread: Thread, answer: BatchAnswer): void;
  /** It has ended: idle for too long (no error), closed, or because it broke. */
  ended(thread: Thread, error: Error | undefined): void;
}

/** A thread that embeds. It is given one batch at a time, and keeps the process alive only while it works on one. */
export class Thread {
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  #busy = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.entry, { execArgv: [], name: "embedder" });
    let error: Error | undefined;
    this.#worker.on("error", (thrown: unknown) => {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    });
    this.#worker.on("message", (answer: BatchAnswer) => this.#rest(answer));
    this.#worker.on("exit", (code) => {
      clearTimeout(this.#idle);
      options.ended(this, error ?? (this.#busy ? new Error(`It ended with code ${code}.`) : undefined));
    });
  }

  get busy(): boolean {
    return this.#busy;
  }

  give(batch: Batch): void {
    clearTimeout(this.#idle);
    this.#busy = true;
    this.#worker.ref();
    this.#worker.postMessage(batch);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #rest(answer: BatchAnswer): void {
    this.#busy = false;
    this.#worker.unref();
    this.#idle = setTimeout(() => this.close(), this.#options.idleMs).unref();
    this.#options.answered(this, answer);
  }
}
