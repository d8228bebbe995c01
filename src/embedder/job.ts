import { type Deadline, liftDeadline, setDeadline } from "../core/deadlines.ts";
import { GatewayError } from "../core/error.ts";
import type { Timeouts } from "../core/policy.ts";
import type { CallSignal } from "../core/signal.ts";
import type { Embedded, Form } from "./batch.ts";

export interface EmbedRequest {
  readonly texts: readonly string[];
  readonly form: Form;
  readonly signal: CallSignal;
  /** `firstByteMs` until the first text is embedded, `idleMs` from one to the next. */
  readonly timeouts: Timeouts;
}

/** One call's texts on their way through the threads. */
export class Job {
  readonly request: EmbedRequest;
  readonly #end = Promise.withResolvers<readonly Embedded[]>();
  readonly #results: Embedded[] = [];
  readonly #deadline: Deadline;
  readonly #onAbort = (reason: GatewayError) => this.fail(reason);
  readonly #left: (job: Job) => void;
  #taken = 0;
  #finished = 0;
  #ended = false;

  /** `left` is called when it fails: nobody waits for the rest of it any more. */
  constructor(request: EmbedRequest, left: (job: Job) => void) {
    this.request = request;
    this.#left = left;
    this.#deadline = setDeadline(request.timeouts.firstByteMs, () => this.fail(this.#timeout()));
    request.signal.onAbort(this.#onAbort);
  }

  get done(): Promise<readonly Embedded[]> {
    return this.#end.promise;
  }

  /** Texts that no thread has been given yet. */
  get waiting(): number {
    return this.request.texts.length - this.#taken;
  }

  /** The text whose turn is next; undefined when none waits. */
  get next(): string | undefined {
    return this.request.texts[this.#taken];
  }

  /** Takes the next text out: its index. */
  take(): number {
    return this.#taken++;
  }

  finish(index: number, embedded: Embedded): void {
    if (this.#ended) return;
    this.#results[index] = embedded;
    this.#finished += 1;
    this.#deadline.at = performance.now() + this.request.timeouts.idleMs;
    if (this.#finished < this.request.texts.length) return;
    this.#release();
    this.#end.resolve(this.#results);
  }

  /** Only the first failure counts. */
  fail(error: GatewayError): void {
    if (this.#ended) return;
    this.#release();
    this.#end.reject(error);
    this.#left(this);
  }

  #timeout(): GatewayError {
    const { firstByteMs, idleMs } = this.request.timeouts;
    if (this.#finished > 0) {
      return new GatewayError("idle_timeout", `The embedding model did not get on with it within ${idleMs} ms.`);
    }
    return new GatewayError("first_byte_timeout", `The embedding model did not come to it within ${firstByteMs} ms.`);
  }

  #release(): void {
    this.#ended = true;
    liftDeadline(this.#deadline);
    this.request.signal.offAbort(this.#onAbort);
  }
}
