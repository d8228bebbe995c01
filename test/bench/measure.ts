import { setTimeout as sleep } from "node:timers/promises";
import { type Child, nextMessage } from "./children.ts";
import type { Order } from "./load.ts";
import type { FirstTokens, Streamed } from "./load-streams.ts";
import type { Latencies, Saturation } from "./load-whole.ts";
import type { Part, Plan } from "./options.ts";
import { memoryMb } from "./processes.ts";
import { median } from "./statistics.ts";
import type { Target } from "./targets.ts";

/** What was measured of one target, an entry per round. */
export interface Samples {
  readonly target: Target;
  readonly saturation: Saturation[];
  readonly streams: Streamed[];
  /** Streams that the target had to translate; only the gateway can. */
  readonly translated: Streamed[];
  readonly latency: Latencies[];
  readonly firstToken: FirstTokens[];
  idleMb: number;
  peakMb: number;
}

export interface Bench {
  readonly load: Child;
  readonly plan: Plan;
  readonly progress: (text: string) => void;
}

const EVERY_MS = 10;

/** Gives every target its turn in every round of every part. The rate of `latency` is known only after `requests`. */
export async function measure(targets: readonly Target[], parts: ReadonlySet<Part>, bench: Bench): Promise<Samples[]> {
  const all = targets.map(noSamples);
  const { plan } = bench;
  await sleep(plan.idleMs);
  for (const samples of all) samples.idleMb = memoryOf(samples.target).now;
  if (parts.has("requests") || parts.has("streams") || parts.has("latency")) {
    for (const { target } of all) await warmUp(target, bench);
  }

  if (parts.has("requests")) await rounds("requests", all, bench, saturateOnce);
  if (parts.has("streams")) await rounds("streams", all.filter(proxies), bench, streamOnce);
  if (parts.has("latency")) {
    const perSecond = halfLoad(all) ?? (await findHalfLoad(all, bench));
    await rounds("latency", all, bench, (samples, _, seed) => arriveOnce(samples, bench, { perSecond, seed }));
    await rounds("first token", all, bench, firstTokenOnce);
  }
  for (const samples of all) samples.peakMb = memoryOf(samples.target).peak;
  return all;
}

const noSamples = (target: Target): Samples => ({
  target,
  saturation: [],
  streams: [],
  translated: [],
  latency: [],
  firstToken: [],
  idleMb: 0,
  peakMb: 0,
});

const proxies = ({ target }: Samples) => target.name !== "direct";

/** Each round begins with another target, so that none always follows the same one. */
async function rounds(
  name: string,
  all: readonly Samples[],
  bench: Bench,
  turn: (samples: Samples, bench: Bench, seed: number) => Promise<void>,
): Promise<void> {
  const count = bench.plan.rounds;
  for (let round = 0; round < count; round += 1) {
    for (let i = 0; i < all.length; i += 1) {
      const samples = all[(round + i) % all.length] as Samples;
      bench.progress(`${name}: round ${round + 1} of ${count}, ${samples.target.name}`);
      await turn(samples, bench, 7919 * (round + 1)).catch((error: Error) => {
        throw new Error(`${name}, ${samples.target.name}: ${error.message}`);
      });
    }
  }
}

async function saturateOnce(samples: Samples, bench: Bench): Promise<void> {
  const { connections, settleMs, requestsMs } = bench.plan;
  samples.saturation.push(
    await ask<Saturation>(bench.load, samples.target, {
      kind: "saturate",
      connections,
      settleMs,
      windowMs: requestsMs,
    }),
  );
}

/** On a busy machine the streams may take longer to open than planned: then once more, with more time for it. */
async function streamOnce(samples: Samples, bench: Bench): Promise<void> {
  samples.streams.push(await streamed(samples.target, bench, false));
  // Against the gateway's own other streams, so a few are enough.
  const due = samples.target.name === "gatehouse" && samples.translated.length < bench.plan.translatedRounds;
  if (due) samples.translated.push(await streamed(samples.target, bench, true));
}

async function streamed(target: Target, bench: Bench, translated: boolean): Promise<Streamed> {
  const { streams, openingMs, settleMs, streamsMs } = bench.plan;
  for (const patience of [1, 5]) {
    const order: Order = {
      kind: "stream",
      streams,
      everyMs: EVERY_MS,
      openingMs: openingMs * patience,
      settleMs,
      windowMs: streamsMs,
      translated,
    };
    const counted = await ask<Streamed>(bench.load, target, order);
    if (counted.wallMs >= streamsMs / 2) return counted;
  }
  throw new Error("the streams took so long to open that too little was left to measure");
}

async function arriveOnce(samples: Samples, bench: Bench, { perSecond, seed }: { perSecond: number; seed: number }) {
  const order: Order = { kind: "arrive", perSecond, seed, windowMs: bench.plan.latencyMs };
  samples.latency.push(await ask<Latencies>(bench.load, samples.target, order));
}

async function firstTokenOnce(samples: Samples, bench: Bench): Promise<void> {
  const order: Order = { kind: "firstToken", everyMs: EVERY_MS, windowMs: bench.plan.firstTokenMs };
  samples.firstToken.push(await ask<FirstTokens>(bench.load, samples.target, order));
}

/** Compiled code, open connections and grown heaps, before anything counts. */
export async function warmUp(target: Target, { load, plan, progress }: Bench): Promise<void> {
  progress(`warming up ${target.name}`);
  const { connections, streams, openingMs, warmUpMs: windowMs } = plan;
  await ask(load, target, { kind: "saturate", connections, settleMs: 0, windowMs });
  if (target.name === "direct") return;
  await ask(load, target, {
    kind: "stream",
    streams,
    everyMs: EVERY_MS,
    openingMs,
    settleMs: 0,
    windowMs: windowMs / 2,
    translated: false,
  });
}

/** Half of the requests per second the gateway reached; of the slowest target where the gateway is not measured. */
function halfLoad(all: readonly Samples[]): number | undefined {
  const rates = (samples: Samples) => samples.saturation.map(({ requests, wallMs }) => (requests * 1000) / wallMs);
  const gatehouse = all.find(({ target }) => target.name === "gatehouse");
  const reached = gatehouse ? [median(rates(gatehouse))] : all.map((samples) => median(rates(samples)));
  const known = reached.filter((rate) => rate !== undefined);
  return known.length === 0 ? undefined : Math.min(...known) / 2;
}

async function findHalfLoad(all: readonly Samples[], bench: Bench): Promise<number> {
  const probed = all.map(({ target }) => noSamples(target));
  await rounds("finding half load", probed, { ...bench, plan: { ...bench.plan, rounds: 1 } }, saturateOnce);
  return halfLoad(probed) as number;
}

/** Gives the load an order and waits for what it counted. */
export async function ask<T>(load: Child, target: Target, order: Order): Promise<T> {
  load.process.send({ door: target.door, order });
  const answer = await nextMessage<{ result?: T; problem?: string }>(load);
  if (answer.result !== undefined) return answer.result;
  const printed = target.child.output().trim().split("\n").slice(-5).join("\n");
  throw new Error(`${answer.problem}${printed ? `\nlast lines of ${target.name}:\n${printed}` : ""}`);
}

function memoryOf({ door }: Target) {
  const each = door.pids.map(memoryMb);
  return { now: each.reduce((sum, { now }) => sum + now, 0), peak: each.reduce((sum, { peak }) => sum + peak, 0) };
}
