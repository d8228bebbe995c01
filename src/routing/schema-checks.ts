import { Worker } from "node:worker_threads";
import type { FormNote, Piece } from "../core/answer-form.ts";

/** A piece on its way to the thread: the schema as text, by which compiled ones are kept. */
export interface WorkerPiece {
  readonly path: string;
  readonly text: string;
  readonly schema: string | undefined;
}

/** What the thread says when it can begin; after that it tells verdicts. */
export const READY = "ready";

export interface SchemaChecks {
  /** What is wrong with one of these pieces, or that nothing is. Never rejects. */
  check(pieces: readonly Piece[]): Promise<FormNote>;
}

export interface SchemaChecksOptions {
  /** For the thread to check one answer. Beyond it the answer goes unchecked and the thread is ended. */
  readonly limitMs?: number;
  /** For an answer to wait for its check, the thread's start and other answers' checks included. */
  readonly patienceMs?: number;
  readonly maxSchemaLength?: number;
}

/** Answers that wait for the thread; more go unchecked. */
const MAX_WAITING = 1000;

/** The thread starts with the first answer to be checked: a gateway that nobody asks for JSON does without its 35 MB. */
export function schemaChecks(options: SchemaChecksOptions = {}): SchemaChecks {
  const { limitMs = 2000, patienceMs = 5000, maxSchemaLength = 100_000 } = options;
  const line = new Line(limitMs);
  return {
    check(pieces) {
      const written = pieces.map((piece) => ({ ...piece, schema: piece.schema && JSON.stringify(piece.schema) }));
      if (written.some(({ schema = "" }) => schema.length > maxSchemaLength)) {
        return Promise.resolve(unchecked(`the schema is longer than ${maxSchemaLength} characters`));
      }
      if (line.length >= MAX_WAITING) return Promise.resolve(unchecked("too many answers wait for their check"));
      return new Promise((resolve) => {
        const job: Job = { pieces: written, tell: resolve };
        job.patience = setTimeout(() => line.giveUp(job), patienceMs);
        line.add(job);
      });
    },
  };
}

function unchecked(why: string): FormNote {
  return { result: "unchecked", why };
}

interface Job {
  readonly pieces: readonly WorkerPiece[];
  readonly tell: (note: FormNote) => void;
  patience?: NodeJS.Timeout;
}

/** Answers in front of the thread, one at a time: what one of them does to it, the others get a new one for. */
class Line {
  readonly #limitMs: number;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #limit: NodeJS.Timeout | undefined;
  #worker: Worker | undefined;
  #ready = false;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    if (!this.#current) this.#next();
  }

  giveUp(job: Job): void {
    const note = unchecked("the check did not come in time");
    if (job === this.#current) return this.#end(note);
    this.#waiting.splice(this.#waiting.indexOf(job), 1);
    job.tell(note);
  }

  #next(): void {
    this.#current = this.#waiting.shift();
    if (!this.#current) return;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage(this.#current.pieces);
    if (this.#ready) this.#setLimit();
  }

  #setLimit(): void {
    const late = unchecked(`the check took longer than ${this.#limitMs} ms`);
    this.#limit = setTimeout(() => this.#end(late), this.#limitMs);
  }

  #finish(note: FormNote): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#current?.patience);
    // An idle thread keeps no process alive.
    this.#worker?.unref();
    this.#current?.tell(note);
    this.#next();
  }

  /** Lets go of the thread. */
  #end(note: FormNote): void {
    this.#worker?.removeAllListeners();
    this.#worker?.on("error", () => {}); // told already
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#ready = false;
    this.#finish(note);
  }

  #start(): Worker {
    const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const entry = new URL(`./schema-worker.${ending}`, import.meta.url);
    const worker = new Worker(entry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 128 } });
    worker.on("message", (message: typeof READY | readonly FormNote[]) => {
      if (message !== READY) return this.#finish(worstOf(message));
      this.#ready = true;
      if (this.#current) this.#setLimit();
    });
    worker.on("error", (error: Error) => this.#end(unchecked(`the check failed: ${error.message}`)));
    return worker;
  }
}

function worstOf(notes: readonly FormNote[]): FormNote {
  const misfit = notes.find(({ result }) => result === "misfits");
  return misfit ?? notes.find(({ result }) => result === "unchecked") ?? { result: "fits" };
}
