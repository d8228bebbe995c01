import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { EndpointName } from "../core/endpoint.ts";
import type { CallRecord } from "../core/record.ts";
import { type CounterChild, type HistogramChild, TallyCounter, TallyHistogram } from "./tally.ts";

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
  /** What to do before anything is read: count what is still waiting to be counted. */
  beforeRead(settle: () => void): void;
}

/** What Prometheus sees. Labels come from the configuration or from closed sets, never from what a caller sent. */
export function createMetrics({ breakers }: { breakers: () => ReadonlyMap<string, number> }): Metrics {
  const registry = new Registry();
  let settle = () => {};
  const all = counters({ registry, beforeRead: () => settle() });
  gaugeOfBreakers(registry, breakers);
  const generation = new Gauge({
    name: "gatehouse_config_generation",
    help: "The configuration that runs, counted from 1 at start.",
    aggregator: "min",
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry });
  const overhead = all.overhead.child("total");
  const known = new Map<string, Children>();
  return {
    registry,
    started(endpoint) {
      all.inflight.child(endpoint).value += 1;
    },
    finished(record) {
      all.inflight.child(record.endpoint).value -= 1;
      const children = childrenFor(record, all, known);
      children.requests.value += 1;
      children.duration.observe(record.totalMs / 1000);
      if (record.firstFrameMs !== undefined) children.firstToken.observe(record.firstFrameMs / 1000);
      if (record.target !== undefined) overhead.observe(record.overheadMs / 1000);
      if (record.usage) {
        children.input.value += record.usage.promptTokens;
        children.output.value += record.usage.completionTokens;
        countParts(all, record);
      }
      if (record.form) all.forms.child(record.entry, record.form.result).value += 1;
      for (const { target, result } of record.attempts) all.attempts.child(providerOf(target), result).value += 1;
      if (record.stream && record.end !== "complete") all.aborted.child(record.errorCode ?? record.end).value += 1;
    },
    refused(reason) {
      all.refusals.child(reason).value += 1;
    },
    generation: (number) => generation.set(number),
    beforeRead(first) {
      settle = first;
    },
  };
}

type All = ReturnType<typeof counters>;

function counters(common: { registry: Registry; beforeRead: () => void }) {
  return {
    requests: new TallyCounter({
      name: "gatehouse_requests_total",
      help: "Calls by endpoint, model entry and status.",
      labels: ["route", "model", "status"],
      ...common,
    }),
    inflight: new TallyCounter(
      { name: "gatehouse_inflight_requests", help: "Calls under way.", labels: ["route"], ...common },
      "gauge",
    ),
    duration: new TallyHistogram({
      name: "gen_ai_server_request_duration_seconds",
      help: "From a call's arrival to its last byte.",
      labels: ["operation", "model", "provider", "stream", "error_type"],
      buckets: DURATION,
      ...common,
    }),
    firstToken: new TallyHistogram({
      name: "gen_ai_server_time_to_first_token_seconds",
      help: "From a call's arrival to the first part of its stream.",
      labels: ["model", "provider"],
      buckets: DURATION,
      ...common,
    }),
    overhead: new TallyHistogram({
      name: "gatehouse_overhead_seconds",
      help: "The gateway's own time before an answer begins.",
      labels: ["phase"],
      buckets: OVERHEAD,
      ...common,
    }),
    tokens: new TallyCounter({
      name: "gatehouse_tokens_total",
      help: "Tokens as the providers counted them.",
      labels: ["model", "provider", "type"],
      ...common,
    }),
    attempts: new TallyCounter({
      name: "gatehouse_attempts_total",
      help: "Requests to providers by result.",
      labels: ["provider", "result"],
      ...common,
    }),
    aborted: new TallyCounter({
      name: "gatehouse_stream_aborted_total",
      help: "Streams that did not reach their end.",
      labels: ["reason"],
      ...common,
    }),
    forms: new TallyCounter({
      name: "gatehouse_answer_forms_total",
      help: "Answers held to the form their request promises (a schema): fits, misfits or unchecked.",
      labels: ["model", "result"],
      ...common,
    }),
    refusals: new TallyCounter({
      name: "gatehouse_refused_total",
      help: "Requests refused before they became calls.",
      labels: ["reason"],
      ...common,
    }),
  };
}

function gaugeOfBreakers(registry: Registry, breakers: () => ReadonlyMap<string, number>): void {
  new Gauge({
    name: "gatehouse_breaker_state",
    help: "0 closed, 1 half-open, 2 open; only those that are not closed.",
    labelNames: ["deployment"],
    aggregator: "max",
    registers: [registry],
    collect() {
      this.reset();
      for (const [deployment, state] of breakers()) if (state > 0) this.set({ deployment }, state);
    },
  });
}

/** What one kind of record adds to, found by one string instead of one per metric. Bounded by the labels' own few values. */
interface Children {
  readonly requests: CounterChild;
  readonly duration: HistogramChild;
  readonly firstToken: HistogramChild;
  readonly input: CounterChild;
  readonly output: CounterChild;
}

function childrenFor(record: CallRecord, all: All, known: Map<string, Children>): Children {
  const provider = providerOf(record.target);
  const error = record.errorCode ?? (record.end === "client-left" ? "client_left" : "");
  const key = `${record.endpoint} ${record.entry} ${provider} ${record.status} ${record.stream} ${error}`;
  let found = known.get(key);
  if (!found) {
    found = {
      requests: all.requests.child(record.endpoint, record.entry, String(record.status)),
      duration: all.duration.child(record.endpoint, record.entry, provider, String(record.stream), error),
      firstToken: all.firstToken.child(record.entry, provider),
      input: all.tokens.child(record.entry, provider, "input"),
      output: all.tokens.child(record.entry, provider, "output"),
    };
    known.set(key, found);
  }
  return found;
}

function providerOf(target: string | undefined): string {
  return target === undefined ? "" : target.slice(0, target.indexOf("/"));
}

function countParts({ tokens }: All, { usage, entry, target }: CallRecord): void {
  const provider = providerOf(target);
  if (usage!.cachedTokens > 0) tokens.child(entry, provider, "cache_read").value += usage!.cachedTokens;
  if (usage!.cacheWriteTokens > 0) tokens.child(entry, provider, "cache_write").value += usage!.cacheWriteTokens;
  if (usage!.reasoningTokens > 0) tokens.child(entry, provider, "reasoning").value += usage!.reasoningTokens;
}
