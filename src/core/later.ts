/** Work that goes on after the answer has left: its failures are told, and shutting down waits for it. */
export interface Later {
  (name: string, work: Promise<unknown>): void;
  /** Resolves when nothing is left, or after `timeoutMs`. */
  idle(timeoutMs: number): Promise<void>;
}

export function createLater(onFailure: (name: string, error: unknown) => void): Later {
  const pending = new Set<Promise<unknown>>();
  const later = (name: string, work: Promise<unknown>): void => {
    pending.add(work);
    work.then(
      () => pending.delete(work),
      (error) => {
        pending.delete(work);
        onFailure(name, error);
      },
    );
  };
  const idle = async (timeoutMs: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    while (pending.size > 0) {
      const settled = Promise.allSettled(pending).then(() => "settled" as const);
      if ((await Promise.race([settled, timeout])) !== "settled") break;
    }
    clearTimeout(timer);
  };
  return Object.assign(later, { idle });
}
