/** Whether a stream flows: the provider keeps its last byte back until the client has seen the first one. */

export interface FirstByte {
  /** The client saw something. */
  seen(): void;
  /** What the provider waits for; never longer than PATIENCE_MS. */
  awaited(): Promise<void>;
  readonly faults: readonly string[];
}

/** Far beyond what a busy machine takes, so that only a gateway that collects streams gets here. */
const PATIENCE_MS = 10_000;

export function firstByte(patienceMs = PATIENCE_MS): FirstByte {
  const { promise, resolve } = Promise.withResolvers<void>();
  const faults: string[] = [];
  return {
    seen: resolve,
    async awaited() {
      const timer = setTimeout(() => {
        faults.push("nothing reached the client before the provider had sent everything");
        resolve();
      }, patienceMs);
      await promise;
      clearTimeout(timer);
    },
    faults,
  };
}
