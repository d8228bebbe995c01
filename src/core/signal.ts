import type { GatewayError } from "./error.ts";
import type { Rostered } from "./roster.ts";

export type AbortListener = (reason: GatewayError) => void;

/**
 * Tells everything that works for one call that it is over: the client left, a deadline passed, or we are stopping.
 * An AbortSignal in small: registering on a real one costs several microseconds a call, and composing them leaks.
 */
export class CallSignal implements Rostered {
  slot = -1;
  #reason: GatewayError | undefined;
  #listeners: AbortListener[] = [];

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): GatewayError | undefined {
    return this.#reason;
  }

  /** Only the first reason counts. */
  abort(reason: GatewayError): void {
    if (this.#reason) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(reason);
  }

  /** Called at most once, later: ask `aborted` first. */
  onAbort(listener: AbortListener): void {
    this.#listeners.push(listener);
  }

  offAbort(listener: AbortListener): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  /** Resolves after `ms`; rejects with the reason as soon as there is one. */
  wait(ms: number): Promise<void> {
    if (this.#reason) return Promise.reject(this.#reason);
    return new Promise((resolve, reject) => {
      const stop = (reason: GatewayError) => {
        clearTimeout(timer);
        reject(reason);
      };
      const timer = setTimeout(() => {
        this.offAbort(stop);
        resolve();
      }, ms);
      this.onAbort(stop);
    });
  }
}
