import type { Run } from "./load-run.ts";
import { percentileOf } from "./load-run.ts";
import {
  chunksIn,
  createdIn,
  MODEL,
  PASSED,
  type Pace,
  requestBytes,
  streamBody,
  TRANSLATED_MODEL,
  translated,
} from "./traffic.ts";

export interface StreamsOrder {
  readonly streams: number;
  readonly everyMs: number;
  /** Opening so many streams takes a moment, and all should still run when the window ends. */
  readonly openingMs: number;
  /** Time between the last stream's first chunk and the window. */
  readonly settleMs: number;
  readonly windowMs: number;
  /** From an upstream that speaks Anthropic's Messages. */
  readonly translated: boolean;
}

export interface Streamed {
  readonly chunks: number;
  /** Reads that brought chunks: as many as chunks when every chunk came by itself. */
  readonly reads: number;
  /** When the window began, on the monotonic clock. */
  readonly fromMs: number;
  readonly wallMs: number;
  readonly cpuMicros: number;
}

/** Paced streams, all at once. Counts in a window in which every one runs: where one ends early, so does the window. */
export async function stream(order: StreamsOrder, run: Run): Promise<Streamed> {
  const lengthMs = order.openingMs + order.settleMs + order.windowMs;
  const pace: Pace = { chunks: Math.ceil(lengthMs / order.everyMs), everyMs: order.everyMs };
  const request = requestBytes({ ...run.door, pace, model: order.translated ? TRANSLATED_MODEL : MODEL });
  const passed = streamBody(PASSED, pace);
  const body = order.translated ? (start: Buffer) => streamBody(translated(createdIn(start)), pace) : passed;
  const shape = order.translated ? translated("1790000000") : PASSED;
  const count = { chunks: 0, reads: 0, started: 0 };
  const started = Promise.withResolvers<void>();
  const firstEnd = Promise.withResolvers<void>();
  const ended = Array.from({ length: order.streams }, () => {
    const connection = run.connect();
    let seen = 0;
    const progress = (received: number) => {
      const chunks = chunksIn(shape, pace, received);
      if (chunks === seen) return;
      if (seen === 0 && ++count.started === order.streams) started.resolve();
      count.chunks += chunks - seen;
      count.reads += 1;
      seen = chunks;
    };
    return new Promise<void>((resolve) => {
      const done = () => {
        firstEnd.resolve();
        resolve();
      };
      connection.ask(request, body, { progress, done });
    });
  });
  await run.guard(started.promise);
  await run.wait(order.settleMs);
  const begin = { ...count, ...run.clock() };
  await Promise.race([run.wait(order.windowMs), firstEnd.promise]);
  const end = { ...count, ...run.clock() };
  await run.guard(Promise.all(ended), lengthMs + 20_000);
  return {
    chunks: end.chunks - begin.chunks,
    reads: end.reads - begin.reads,
    fromMs: begin.at,
    wallMs: end.at - begin.at,
    cpuMicros: end.cpuMicros - begin.cpuMicros,
  };
}

export interface FirstTokenOrder {
  readonly everyMs: number;
  readonly windowMs: number;
}

export interface FirstTokens {
  readonly streams: number;
  readonly p50Ms: number;
}

const SHORT: Pace = { chunks: 2, everyMs: 2 };

/** One short stream every `everyMs`: from sending the request to having the first chunk. */
export async function firstToken(order: FirstTokenOrder, run: Run): Promise<FirstTokens> {
  const request = requestBytes({ ...run.door, pace: SHORT });
  const body = streamBody(PASSED, SHORT);
  const idle = Array.from({ length: 8 }, () => run.connect());
  const samples: number[] = [];
  const open = new Set<Promise<void>>();
  const until = performance.now() + order.windowMs;
  while (performance.now() < until) {
    const connection = idle.pop() ?? run.connect();
    const sent = performance.now();
    let first: number | undefined;
    const ended = new Promise<void>((resolve) => {
      const progress = (received: number) => {
        if (received >= PASSED.first.length) first ??= performance.now() - sent;
      };
      const done = () => {
        samples.push(first as number);
        idle.push(connection);
        open.delete(ended);
        resolve();
      };
      connection.ask(request, body, { progress, done });
    });
    open.add(ended);
    await run.wait(order.everyMs);
  }
  await run.guard(Promise.all(open));
  return { streams: samples.length, p50Ms: percentileOf(samples, 0.5) };
}
