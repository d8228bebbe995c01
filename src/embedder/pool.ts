import { availableParallelism } from "node:os";
import { GatewayError } from "../core/error.ts";
import type { BatchAnswer, Embedded } from "./batch.ts";
import { type EmbedRequest, Job } from "./job.ts";
import { Thread } from "./thread.ts";
import { MAX_CHARACTERS } from "./wordpiece.ts";

export interface PoolOptions {
  /** By default one less than there are cores, and at least one: a core is left to the road. */
  readonly threads?: number | undefined;
  /** Texts that may wait for a thread. */
  readonly maxWaiting: number;
  /** A thread without work for so long ends, and gives its memory back. */
  readonly idleMs: number;
  /** What the threads run: the embedding model, unless a test has something else in mind. */
  readonly entry?: URL;
}

/**
 * Embeds texts on threads of its own. They are started one by one, when they are needed: an idle pool costs nothing. A free
 * thread is given what waits at that moment; calls take turns, so that a big one does not hold up the small ones.
 */
export class EmbedderPool {
  readonly #options: PoolOptions;
  readonly #maxThreads: number;
  readonly #works = new Map<Thread, Work>();
  /** Calls with texts that no thread has been given yet, in the order of their next turn. */
  readonly #jobs: Job[] = [];
  #waiting = 0;
  #msPerText = FIRST_GUESS_MS;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#maxThreads = options.threads ?? Math.max(1, availableParallelism() - 1);
  }

  /**
   * In the order of the texts. Rejects with a GatewayError: too much waits already, the signal's reason, a time limit, a
   * thread that broke.
   */
  embed(request: EmbedRequest): Promise<readonly Embedded[]> {
    const { texts, signal } = request;
    if (signal.reason) return Promise.reject(signal.reason);
    // A call that finds nothing waiting may bring more than may wait: no later moment would be a better one.
    const full = this.#waiting > 0 && this.#waiting + texts.length > this.#options.maxWaiting;
    if (full) return Promise.reject(this.#overloaded());
    const job = new Job(request, (left) => this.#forget(left));
    this.#jobs.push(job);
    this.#waiting += texts.length;
    this.#dispatch();
    return job.done;
  }

  /** Ends the threads; what they are at, and what waits for them, fails. */
  async close(): Promise<void> {
    const stopping = new GatewayError("shutting_down", "The embedding model is being stopped.");
    const working = [...this.#works.values()].flatMap(({ pieces }) => pieces.map(({ job }) => job));
    for (const job of [...this.#jobs, ...working]) job.fail(stopping);
    await Promise.all([...this.#works.keys()].map((thread) => thread.close()));
  }

  #dispatch(): void {
    while (this.#waiting > 0) {
      const free = [...this.#works.keys()].filter((thread) => !thread.busy);
      const thread = free[0] ?? this.#newThread();
      if (!thread) return;
      const pieces = this.#nextPieces(Math.ceil(this.#waiting / Math.max(1, free.length)));
      this.#works.set(thread, { pieces, startedAt: performance.now() });
      thread.give(pieces.map(({ text, job }) => ({ text, form: job.request.form })));
    }
  }

  #newThread(): Thread | undefined {
    if (this.#works.size >= this.#maxThreads) return undefined;
    return new Thread({
      entry: this.#options.entry ?? WORKER,
      idleMs: this.#options.idleMs,
      answered: (thread, answer) => this.#answered(thread, answer),
      ended: (thread, error) => this.#ended(thread, error),
    });
  }

  /** At least one text and at most `share`; one of each call in turn. */
  #nextPieces(share: number): readonly Piece[] {
    const pieces: Piece[] = [];
    let characters = 0;
    while (pieces.length < share && this.#waiting > 0) {
      const job = this.#jobs[0]!;
      const text = job.next!.slice(0, MAX_CHARACTERS + 1); // one more tells that there was more
      characters += text.length;
      if (pieces.length > 0 && characters > BATCH_CHARACTERS) break;
      pieces.push({ job, text, index: job.take() });
      this.#waiting -= 1;
      this.#jobs.shift();
      if (job.waiting > 0) this.#jobs.push(job);
    }
    return pieces;
  }

  #answered(thread: Thread, answer: BatchAnswer): void {
    const { pieces, startedAt } = this.#works.get(thread)!;
    this.#works.set(thread, NO_WORK);
    const msPerText = (performance.now() - startedAt) / pieces.length;
    this.#msPerText += (msPerText - this.#msPerText) * NEWEST_COUNTS;
    for (const [at, { job, index }] of pieces.entries()) job.finish(index, answer[at]!);
    this.#dispatch();
  }

  #ended(thread: Thread, cause: Error | undefined): void {
    const pieces = this.#works.get(thread)?.pieces ?? [];
    this.#works.delete(thread);
    const error = new GatewayError("upstream_error", "The built-in embedding model broke down.", { cause });
    for (const { job } of pieces) job.fail(error);
    this.#dispatch();
  }

  #forget(job: Job): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return;
    this.#jobs.splice(at, 1);
    this.#waiting -= job.waiting;
  }

  #overloaded(): GatewayError {
    const untilEmptyMs = (this.#waiting * this.#msPerText) / this.#maxThreads;
    const retryAfterMs = Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, untilEmptyMs));
    const message = `The built-in embedding model has ${this.#waiting} texts waiting already.`;
    return new GatewayError("upstream_overloaded", message, { retryAfterMs });
  }
}

/** What a thread is at. */
interface Work {
  readonly pieces: readonly Piece[];
  readonly startedAt: number;
}

interface Piece {
  readonly job: Job;
  readonly text: string;
  /** Of the text among its call's. */
  readonly index: number;
}

const NO_WORK: Work = { pieces: [], startedAt: 0 };

/** About what fills one pass through the model: more of it would not be quicker, only keep others waiting. */
const BATCH_CHARACTERS = 1000;
/** A short question on one thread. */
const FIRST_GUESS_MS = 8;
/** The weight of the newest batch in the mean of what a text takes. */
const NEWEST_COUNTS = 0.1;
const MIN_RETRY_AFTER_MS = 1000;
const MAX_RETRY_AFTER_MS = 60_000;

/** TypeScript where this runs as TypeScript, JavaScript where it was compiled. */
const WORKER = new URL(`./worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
