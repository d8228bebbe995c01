import { Worker } from "node:worker_threads";
import type { FormNote, Piece } from "../core/answer-form.ts";

/** A piece on its way to the thread: the schema as text, by which compiled ones are kept. */
export interface WorkerPiece {
  readonly path: string;
  readonly text: string;
  readonly schema: string | undefined;
}

export type Verdict = FormNote;

export interface SchemaChecks {
  /** What is wrong with one of these pieces, or that nothing is. Never rejects. */
  check(pieces: readonly Piece[]): Promise<Verdict>;
}

export interface SchemaChecksOptions {
  /** For one answer. Beyond it the answer goes unchecked and its thread is ended. */
  readonly limitMs?: number;
  readonly maxSchemaLength?: number;
}

/** Answers that wait for the thread; more go unchecked. */
const MAX_WAITING = 1000;

/** The thread starts with the first answer to be checked: a gateway that nobody asks for JSON does without. */
export function schemaChecks({ limitMs = 2000, maxSchemaLength = 100_000 }: SchemaChecksOptions = {}): SchemaChecks {
  const waiting: Job[] = [];
  let worker: Worker | undefined;
  let current: Job | undefined;
  let timer: NodeJS.Timeout | undefined;

  const next = () => {
    current = waiting.shift();
    if (!current) return;
    worker ??= startWorker({
      answered: (verdicts) => finish(worstOf(verdicts)),
      broke: (why) => end(why),
    });
    timer = setTimeout(() => end(`the check took longer than ${limitMs} ms`), limitMs);
    worker.postMessage(current.pieces);
  };
  const finish = (verdict: Verdict) => {
    clearTimeout(timer);
    current?.tell(verdict);
    next();
  };
  const end = (why: string) => {
    worker?.removeAllListeners();
    worker?.on("error", () => {}); // told by whoever gave it up
    void worker?.terminate();
    worker = undefined;
    finish({ result: "unchecked", why });
  };

  return {
    check(pieces) {
      const written = pieces.map((piece) => ({ ...piece, schema: piece.schema && JSON.stringify(piece.schema) }));
      if (written.some(({ schema = "" }) => schema.length > maxSchemaLength)) {
        return Promise.resolve({ result: "unchecked", why: `the schema is longer than ${maxSchemaLength} characters` });
      }
      if (waiting.length >= MAX_WAITING) {
        return Promise.resolve({ result: "unchecked", why: "too many answers wait for their check" });
      }
      return new Promise((tell) => {
        waiting.push({ pieces: written, tell });
        if (!current) next();
      });
    },
  };
}

interface Job {
  readonly pieces: readonly WorkerPiece[];
  readonly tell: (verdict: Verdict) => void;
}

function worstOf(verdicts: readonly Verdict[]): Verdict {
  const worst = verdicts.find(({ result }) => result === "misfits");
  return worst ?? verdicts.find(({ result }) => result === "unchecked") ?? { result: "fits" };
}

interface Ears {
  readonly answered: (verdicts: readonly Verdict[]) => void;
  readonly broke: (why: string) => void;
}

/** It keeps no process alive. */
function startWorker({ answered, broke }: Ears): Worker {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./schema-worker.ts" : "./schema-worker.js", import.meta.url);
  const worker = new Worker(entry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 128 } });
  worker.unref();
  worker.on("message", answered);
  worker.on("error", (error: Error) => broke(`the check failed: ${error.message}`));
  return worker;
}
