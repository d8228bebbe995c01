import type { Samples } from "./measure.ts";
import type { Startup } from "./startup.ts";
import { median, paired } from "./statistics.ts";
import type { TargetName } from "./targets.ts";

/** One line of the result; null is what was not measured or makes no sense for the target. */
export interface Row {
  readonly target: TargetName;
  readonly requestsPerSecondPerCore: number | null;
  /** True when the process used its core up, so that the figure before was seen and not computed from CPU time. */
  readonly saturated: boolean | null;
  readonly requestsPerSecond: number | null;
  readonly cpuMicrosPerRequest: number | null;
  readonly cpuMicrosPerChunk: number | null;
  /** The same for chunks that had to be translated from Anthropic's Messages. */
  readonly cpuMicrosPerTranslatedChunk: number | null;
  readonly chunksPerSecondPerCore: number | null;
  /** Share of chunks that arrived in one read with another: 0 when each came by itself. */
  readonly coalesced: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly addedP50Ms: number | null;
  readonly addedP99Ms: number | null;
  readonly firstTokenMs: number | null;
  readonly addedFirstTokenMs: number | null;
  readonly startFirstMs: number | null;
  readonly startAgainMs: number | null;
  readonly idleMb: number | null;
  readonly peakMb: number | null;
}

/** The gateway against the bare proxy; the added ones are the gateway's ms over no proxy at all. */
export interface Ratios {
  readonly requests: number | null;
  readonly chunks: number | null;
  readonly cpuPerRequest: number | null;
  readonly cpuPerChunk: number | null;
  /** The gateway's translated chunk against its own passed one. */
  readonly cpuPerTranslatedChunk: number | null;
  readonly addedP50Ms: number | null;
  readonly addedP99Ms: number | null;
  readonly addedFirstTokenMs: number | null;
}

export interface Result {
  readonly rows: readonly Row[];
  readonly ratios: Ratios;
}

/** From this share of its core on a process counts as saturated; the rest is the clock's and the scheduler's. */
const SATURATED_SHARE = 0.95;

const perRequest = ({ saturation }: Samples) => saturation.map(({ cpuMicros, requests }) => cpuMicros / requests);
const perChunk = ({ streams }: Samples) => streams.map(({ cpuMicros, chunks }) => cpuMicros / chunks);
const perTranslatedChunk = ({ translated }: Samples) => translated.map(({ cpuMicros, chunks }) => cpuMicros / chunks);
const busyShare = ({ saturation }: Samples) => saturation.map(({ cpuMicros, wallMs }) => cpuMicros / wallMs / 1000);
const seen = ({ saturation }: Samples) => saturation.map(({ requests, wallMs }) => (requests * 1000) / wallMs);
const perCore = ({ saturation }: Samples) =>
  saturation.map(({ cpuMicros, requests, wallMs }) =>
    cpuMicros / wallMs / 1000 >= SATURATED_SHARE ? (requests * 1000) / wallMs : (requests * 1e6) / cpuMicros,
  );
const coalesced = ({ streams }: Samples) => streams.map(({ chunks, reads }) => 1 - reads / chunks);
const p50 = ({ latency }: Samples) => latency.map(({ p50Ms }) => p50Ms);
const p99 = ({ latency }: Samples) => latency.map(({ p99Ms }) => p99Ms);
const first = ({ firstToken }: Samples) => firstToken.map(({ p50Ms }) => p50Ms);

type Figure = (samples: Samples) => number[];

export function makeResult(all: readonly Samples[], startup: Startup | undefined): Result {
  const named = (name: TargetName) => all.find(({ target }) => target.name === name);
  const compare = (
    a: Samples | undefined,
    b: Samples | undefined,
    figure: Figure,
    how: (a: number, b: number) => number,
  ) => (a && b ? rounded(paired(figure(a), figure(b), how)) : null);
  const direct = named("direct");
  const over = (samples: Samples | undefined, figure: Figure) =>
    samples === direct ? null : compare(samples, direct, figure, (a, b) => a - b);
  const gatehouse = named("gatehouse");
  const ratio = (figure: Figure) => compare(gatehouse, named("bare"), figure, (a, b) => a / b);

  const rows = all.map((samples): Row => {
    const busy = median(busyShare(samples));
    const starts = samples === gatehouse ? startup : undefined;
    return {
      target: samples.target.name,
      requestsPerSecondPerCore: rounded(median(perCore(samples))),
      saturated: busy === undefined ? null : busy >= SATURATED_SHARE,
      requestsPerSecond: rounded(median(seen(samples))),
      cpuMicrosPerRequest: rounded(median(perRequest(samples))),
      cpuMicrosPerChunk: rounded(median(perChunk(samples))),
      cpuMicrosPerTranslatedChunk: rounded(median(perTranslatedChunk(samples))),
      chunksPerSecondPerCore: rounded(inverse(median(perChunk(samples)))),
      coalesced: rounded(median(coalesced(samples))),
      p50Ms: rounded(median(p50(samples))),
      p99Ms: rounded(median(p99(samples))),
      addedP50Ms: over(samples, p50),
      addedP99Ms: over(samples, p99),
      firstTokenMs: rounded(median(first(samples))),
      addedFirstTokenMs: over(samples, first),
      startFirstMs: rounded(starts?.firstMs),
      startAgainMs: rounded(starts?.againMs),
      idleMb: rounded(samples.idleMb),
      peakMb: rounded(samples.peakMb),
    };
  });
  return {
    rows,
    ratios: {
      requests: ratio(perCore),
      chunks: ratio((samples) => perChunk(samples).map((micros) => 1e6 / micros)),
      cpuPerRequest: ratio(perRequest),
      cpuPerChunk: ratio(perChunk),
      cpuPerTranslatedChunk: gatehouse
        ? rounded(paired(perTranslatedChunk(gatehouse), perChunk(gatehouse), (a, b) => a / b))
        : null,
      addedP50Ms: over(gatehouse, p50),
      addedP99Ms: over(gatehouse, p99),
      addedFirstTokenMs: over(gatehouse, first),
    },
  };
}

const inverse = (micros: number | undefined) => (micros === undefined ? undefined : 1e6 / micros);

/** Four digits are more than the noise leaves; absent becomes null, as JSON has it. */
const rounded = (value: number | undefined) => (value === undefined ? null : Number(value.toPrecision(4)));

/** What a reader of the figures has to know about this run. */
export function notesOn({ rows }: Result): string[] {
  const notes: string[] = [];
  for (const { target, saturated, coalesced: share } of rows) {
    if (saturated === false && target !== "direct") {
      notes.push(`${target} did not use its core up: its req/s per core is 1,000,000 / CPU µs per request.`);
    }
    if (share !== null && share > 0.05) {
      notes.push(
        `${target}: ${(share * 100).toFixed(0)} % of the chunks came in one read with another, which hides cost.`,
      );
    }
  }
  return notes;
}
