/** Questions from the supervising process to those that serve calls, over node's own channel. */
import type { ChildProcess } from "node:child_process";
import type { ServingStatus } from "../serving.ts";

export interface Questions {
  /** prom-client's metrics as JSON. */
  metrics(): Promise<unknown>;
  status(): Promise<ServingStatus>;
  /** Reads the configuration again; answers the generation that runs. */
  reload(): Promise<number>;
  /** Looks at the keys again at once. */
  refreshKeys(): Promise<void>;
}

type Question = keyof Questions;
type ToWorker = { readonly ask: Question; readonly id: number } | { readonly stop: true };
type ToSupervisor =
  | { readonly id: number; readonly answer?: unknown; readonly error?: string }
  | { readonly ready: number };

const ANSWER_WITHIN_MS = 10_000;

/** The worker's side: answers questions, and calls `stop` when told to or when the supervisor is gone. */
export function answerQuestions(questions: Questions, stop: () => void): void {
  process.on("message", async (message: ToWorker) => {
    if ("stop" in message) return stop();
    try {
      send({ id: message.id, answer: await questions[message.ask]() });
    } catch (error) {
      send({ id: message.id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on("disconnect", stop);
}

export function sendReady(port: number): void {
  send({ ready: port });
}

function send(message: ToSupervisor): void {
  if (process.connected) process.send?.(message);
}

/** The supervisor's side of one worker. */
export class WorkerLink {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<number>();
  #next = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ready.promise.catch(() => {}); // whoever waits for it is told; nobody need wait
    child.on("message", (message: ToSupervisor) => {
      if ("ready" in message) return this.#ready.resolve(message.ready);
      const waiting = this.#waiting.get(message.id);
      if (message.error === undefined) waiting?.resolve(message.answer);
      else waiting?.reject(new Error(message.error));
      this.#waiting.delete(message.id);
    });
    child.on("exit", () => {
      const gone = new Error("The process that serves calls has ended.");
      this.#ready.reject(gone);
      for (const waiting of this.#waiting.values()) waiting.reject(gone);
    });
  }

  /** Resolves to the port once it serves calls; rejects when it ended before. */
  get ready(): Promise<number> {
    return this.#ready.promise;
  }

  stop(): void {
    if (this.#child.connected) this.#child.send({ stop: true } satisfies ToWorker);
  }

  async ask<Q extends Question>(ask: Q): Promise<Awaited<ReturnType<Questions[Q]>>> {
    const id = this.#next++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => waiting.reject(new Error("A process did not answer in time.")), ANSWER_WITHIN_MS);
    this.#child.send({ ask, id } satisfies ToWorker, (error) => error && waiting.reject(error));
    try {
      return (await waiting.promise) as Awaited<ReturnType<Questions[Q]>>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }
}
