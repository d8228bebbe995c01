/**
 * Loaded into a measured process (`node --import`): how late its event loop comes to what is due, sampled every ms.
 * A first SIGUSR2 begins, a second one prints what was counted in between.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const EVERY_MS = 1;
const PRINTED = "event-loop delay: ";

/** The last one that such a process has printed. */
export function printedLoopDelay(output: string): LoopDelay | undefined {
  const at = output.lastIndexOf(PRINTED);
  const end = output.indexOf("\n", at);
  return at < 0 || end < 0 ? undefined : (JSON.parse(output.slice(at + PRINTED.length, end)) as LoopDelay);
}

if (process.execArgv.includes("--import")) {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  // What it records is the time between two samples.
  const late = (nanos: number) => Math.max(0, nanos / 1e6 - EVERY_MS);
  let counting = false;
  process.on("SIGUSR2", () => {
    counting = !counting;
    if (counting) {
      histogram.reset();
      histogram.enable();
      return;
    }
    histogram.disable();
    const [p50Ms, p99Ms, maxMs] = [histogram.percentile(50), histogram.percentile(99), histogram.max].map(late);
    console.log(PRINTED + JSON.stringify({ p50Ms, p99Ms, maxMs }));
  });
}
