import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { EndpointName } from "../core/endpoint.ts";
import type { CallRecord } from "../core/record.ts";

// The convention's buckets for model calls, in seconds.
const DURATION = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 600,
];
const OVERHEAD = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

export interface Metrics {
  readonly registry: Registry;
  started(endpoint: EndpointName): void;
  finished(record: CallRecord): void;
  /** A request turned away before it became a call: `reason` is an error code. */
  refused(reason: string): void;
  generation(number: number): void;
}

/** What Prometheus sees. Labels come from the configuration or from closed sets, never from what a caller sent. */
export function createMetrics({ breakers }: { breakers: () => ReadonlyMap<string, number> }): Metrics {
  const registry = new Registry();
  const options = { registers: [registry] };
  const requests = new Counter({
    name: "gatehouse_requests_total",
    help: "Calls by endpoint, model entry and status.",
    labelNames: ["route", "model", "status"],
    ...options,
  });
  const inflight = new Gauge({
    name: "gatehouse_inflight_requests",
    help: "Calls under way.",
    labelNames: ["route"],
    ...options,
  });
  const duration = new Histogram({
    name: "gen_ai_server_request_duration_seconds",
    help: "From a call's arrival to its last byte.",
    labelNames: ["operation", "model", "provider", "stream", "error_type"],
    buckets: DURATION,
    ...options,
  });
  const firstToken = new Histogram({
    name: "gen_ai_server_time_to_first_token_seconds",
    help: "From a call's arrival to the first part of its stream.",
    labelNames: ["model", "provider"],
    buckets: DURATION,
    ...options,
  });
  const overhead = new Histogram({
    name: "gatehouse_overhead_seconds",
    help: "The gateway's own time before an answer begins.",
    labelNames: ["phase"],
    buckets: OVERHEAD,
    ...options,
  });
  const tokens = new Counter({
    name: "gatehouse_tokens_total",
    help: "Tokens as the providers counted them.",
    labelNames: ["model", "provider", "type"],
    ...options,
  });
  const attempts = new Counter({
    name: "gatehouse_attempts_total",
    help: "Requests to providers by result.",
    labelNames: ["provider", "result"],
    ...options,
  });
  const aborted = new Counter({
    name: "gatehouse_stream_aborted_total",
    help: "Streams that did not reach their end.",
    labelNames: ["reason"],
    ...options,
  });
  const refusals = new Counter({
    name: "gatehouse_refused_total",
    help: "Requests refused before they became calls.",
    labelNames: ["reason"],
    ...options,
  });
  const generation = new Gauge({
    name: "gatehouse_config_generation",
    help: "The configuration that runs, counted from 1 at start.",
    aggregator: "min",
    ...options,
  });
  new Gauge({
    name: "gatehouse_breaker_state",
    help: "0 closed, 1 half-open, 2 open.",
    labelNames: ["deployment"],
    aggregator: "max",
    ...options,
    collect() {
      this.reset();
      for (const [deployment, state] of breakers()) if (state > 0) this.set({ deployment }, state);
    },
  });
  collectDefaultMetrics({ register: registry });

  const overheadTotal = overhead.labels("total");
  const children = new Map<string, Children>();
  const childrenFor = (record: CallRecord): Children => {
    const provider = providerOf(record.target);
    const error = record.errorCode ?? (record.end === "client-left" ? "client_left" : "");
    const key = `${record.endpoint} ${record.entry} ${provider} ${record.status} ${record.stream} ${error}`;
    let found = children.get(key);
    if (!found) {
      found = {
        requests: requests.labels(record.endpoint, record.entry, String(record.status)),
        duration: duration.labels(record.endpoint, record.entry, provider, String(record.stream), error),
        firstToken: firstToken.labels(record.entry, provider),
        input: tokens.labels(record.entry, provider, "input"),
        output: tokens.labels(record.entry, provider, "output"),
      };
      children.set(key, found);
    }
    return found;
  };

  return {
    registry,
    started: (endpoint) => inflight.inc({ route: endpoint }),
    finished(record) {
      inflight.dec({ route: record.endpoint });
      const child = childrenFor(record);
      child.requests.inc();
      child.duration.observe(record.totalMs / 1000);
      if (record.firstFrameMs !== undefined) child.firstToken.observe(record.firstFrameMs / 1000);
      if (record.target !== undefined) overheadTotal.observe(record.overheadMs / 1000);
      if (record.usage) {
        child.input.inc(record.usage.promptTokens);
        child.output.inc(record.usage.completionTokens);
        countParts(tokens, record);
      }
      for (const { target, result } of record.attempts) attempts.inc({ provider: providerOf(target), result });
      if (record.stream && record.end !== "complete") aborted.inc({ reason: record.errorCode ?? record.end });
    },
    refused: (reason) => refusals.inc({ reason }),
    generation: (number) => generation.set(number),
  };
}

/** Metric children are looked up by one string per record instead of one label object per metric. Bounded by the labels' own few values. */
interface Children {
  readonly requests: Counter.Internal;
  readonly duration: Histogram.Internal<string>;
  readonly firstToken: Histogram.Internal<string>;
  readonly input: Counter.Internal;
  readonly output: Counter.Internal;
}

function providerOf(target: string | undefined): string {
  return target === undefined ? "" : target.slice(0, target.indexOf("/"));
}

function countParts(tokens: Counter<"model" | "provider" | "type">, { usage, entry, target }: CallRecord): void {
  const labels = { model: entry, provider: providerOf(target) };
  if (usage!.cachedTokens > 0) tokens.inc({ ...labels, type: "cache_read" }, usage!.cachedTokens);
  if (usage!.cacheWriteTokens > 0) tokens.inc({ ...labels, type: "cache_write" }, usage!.cacheWriteTokens);
  if (usage!.reasoningTokens > 0) tokens.inc({ ...labels, type: "reasoning" }, usage!.reasoningTokens);
}
