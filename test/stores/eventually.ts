import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `holds`, looking every few milliseconds; how long it took, in milliseconds. Throws after `limitMs`. */
export async function eventually(holds: () => unknown, limitMs: number): Promise<number> {
  const start = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - start;
    if (performance.now() - start > limitMs) throw new Error(`Still not so after ${limitMs} ms: ${holds}`);
    await sleep(5);
  }
}
