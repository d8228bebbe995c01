import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import { cpuMicros } from "./processes.ts";
import { percentile } from "./statistics.ts";

/** Where to knock, and whose CPU time to read while doing so. */
export interface Door {
  readonly port: number;
  readonly key: string;
  readonly pids: readonly number[];
}

/** What the kinds of load share: connections that end with the run, and a wait that ends when anything goes wrong. */
export interface Run {
  readonly door: Door;
  connect(): Connection;
  wait(ms: number): Promise<void>;
  /** `promise`, unless something goes wrong first or it takes longer than `limitMs`. */
  guard<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
  /** The time (ms of the monotonic clock, the same in all processes) and the CPU time of what is measured. */
  clock(): { at: number; cpuMicros: number };
}

const LIMIT_MS = 30_000;

/** Runs `body` with connections to `door` and closes them after it, however it ends. */
export async function withRun<T>(door: Door, body: (run: Run) => Promise<T>): Promise<T> {
  const connections: Connection[] = [];
  let problem: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    problem = reject;
  });
  failed.catch(() => {});
  const guard = async <U>(promise: Promise<U>, limitMs = LIMIT_MS): Promise<U> => {
    const timer = setTimeout(() => problem(new Error(`no end after ${limitMs / 1000} s`)), limitMs);
    try {
      return await Promise.race([promise, failed]);
    } finally {
      clearTimeout(timer);
    }
  };
  const run: Run = {
    door,
    guard,
    wait: (ms) => guard(sleep(ms), ms + LIMIT_MS),
    connect: () => {
      const connection = new Connection({ port: door.port, problem });
      connections.push(connection);
      return connection;
    },
    clock: () => ({
      cpuMicros: door.pids.reduce((sum, pid) => sum + cpuMicros(pid), 0),
      at: Number(process.hrtime.bigint()) / 1e6,
    }),
  };
  try {
    return await guard(body(run), 10 * LIMIT_MS);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** A percentile that has to exist: a run without samples has gone wrong. */
export function percentileOf(samples: readonly number[], share: number): number {
  const value = percentile(samples, share);
  if (value === undefined) throw new Error("no answer came in the whole window");
  return value;
}
