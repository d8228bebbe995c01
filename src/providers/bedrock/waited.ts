import type { CallSignal } from "../../core/signal.ts";

/** The result of work that several calls wait for, or the reason why this one no longer does. */
export function waited<T>(work: Promise<T>, signal: CallSignal): Promise<T> {
  if (signal.reason) {
    work.catch(() => {}); // told to those who still wait
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    signal.onAbort(reject);
    work.then(resolve, reject).finally(() => signal.offAbort(reject));
  });
}
