import type { Connection } from "./connection.ts";
import type { Run } from "./load-run.ts";
import { percentileOf } from "./load-run.ts";
import { arrivals } from "./statistics.ts";
import { requestBytes, WHOLE_BODY } from "./traffic.ts";

export interface SaturationOrder {
  readonly connections: number;
  /** Time before the window, to open connections and fill caches. */
  readonly settleMs: number;
  readonly windowMs: number;
}

export interface Saturation {
  readonly requests: number;
  /** When the window began, on the monotonic clock. */
  readonly fromMs: number;
  readonly wallMs: number;
  readonly cpuMicros: number;
}

/** Whole answers as fast as they come: every connection asks again as soon as it has its answer. */
export async function saturate(order: SaturationOrder, run: Run): Promise<Saturation> {
  const request = requestBytes(run.door);
  let requests = 0;
  let stopping = false;
  const ended = Array.from({ length: order.connections }, () => {
    const connection = run.connect();
    return new Promise<void>((resolve) => {
      const ask = () => connection.ask(request, WHOLE_BODY, { done });
      const done = () => {
        requests += 1;
        if (stopping) resolve();
        else ask();
      };
      ask();
    });
  });
  await run.wait(order.settleMs);
  const begin = { requests, ...run.clock() };
  await run.wait(order.windowMs);
  const end = { requests, ...run.clock() };
  stopping = true;
  await Promise.all(ended);
  return {
    requests: end.requests - begin.requests,
    fromMs: begin.at,
    wallMs: end.at - begin.at,
    cpuMicros: end.cpuMicros - begin.cpuMicros,
  };
}

export interface ArrivalsOrder {
  readonly perSecond: number;
  readonly windowMs: number;
  readonly seed: number;
}

export interface Latencies {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SETTLE_MS = 150;
/** The timers of the event loop are too coarse (1 ms); sleeping this long between looks leaves the core to the stub. */
const LONGEST_NAP_MS = 0.1;

/**
 * Whole answers at a fixed mean rate, at moments that do not depend on the answers (exponential gaps). The time of a
 * request counts from when it was due, so a target that falls behind cannot hide it.
 */
export async function arrive(order: ArrivalsOrder, run: Run): Promise<Latencies> {
  const request = requestBytes(run.door);
  const gap = arrivals(order.perSecond, order.seed);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const samples: number[] = [];
  const idle: Connection[] = [];
  let open = 0;
  let dueAt = performance.now() + SETTLE_MS / 10;
  const countFrom = dueAt + SETTLE_MS;
  const until = countFrom + order.windowMs;

  const ask = (due: number) => {
    const connection = idle.pop() ?? run.connect();
    open += 1;
    const done = () => {
      open -= 1;
      if (due >= countFrom) samples.push(performance.now() - due);
      idle.push(connection);
    };
    connection.ask(request, WHOLE_BODY, { done });
  };

  await run.guard(
    new Promise<void>((resolve) => {
      const pump = () => {
        const now = performance.now();
        for (; dueAt <= now && dueAt < until; dueAt += gap()) ask(dueAt);
        if (dueAt >= until && open === 0) return resolve();
        const nap = Math.min(dueAt - performance.now(), LONGEST_NAP_MS);
        if (nap > 0.01) Atomics.wait(sleeper, 0, 0, nap);
        setImmediate(pump);
      };
      pump();
    }),
  );
  return { requests: samples.length, p50Ms: percentileOf(samples, 0.5), p99Ms: percentileOf(samples, 0.99) };
}
