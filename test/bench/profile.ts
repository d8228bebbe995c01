import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { byPart, type CpuProfile, type SelfTime, selfTimes } from "./cpu-profile.ts";
import type { Streamed } from "./load-streams.ts";
import type { Saturation } from "./load-whole.ts";
import { ask, type Bench, warmUp } from "./measure.ts";
import { type Thread, threads } from "./processes.ts";
import { table } from "./table.ts";
import { type StartOptions, startBare, startGateway, type Target } from "./targets.ts";

const SATURATE_MS = 6000;
const STREAM_MS = 4000;
const TOP = 30;
/** Git ignores what a profile is called. */
const FOLDER = fileURLToPath(new URL("./profiles", import.meta.url));

interface Phase {
  readonly name: string;
  readonly unit: string;
  readonly count: number;
  readonly fromMs: number;
  readonly wallMs: number;
  readonly cpuMicros: number;
  readonly threads: readonly Thread[];
}

/** Runs the gateway and the bare proxy under `--cpu-prof` and tells where their time goes. */
export async function profile(start: StartOptions, bench: Bench): Promise<string> {
  const nodeArgs = ["--cpu-prof", "--cpu-prof-dir", FOLDER];
  const texts: string[] = [];
  for (const startTarget of [startGateway, startBare]) {
    const target = await startTarget({ ...start, nodeArgs });
    const phases = await runPhases(target, bench);
    bench.progress(`reading the profile of ${target.name}`);
    await target.child.stop(15_000);
    const recorded = readProfile(target.child.pid);
    texts.push(...phases.map((phase) => describe(target, phase, recorded)));
  }
  return `${texts.join("\n\n")}\n\nThe profiles are in test/bench/profiles; DevTools and speedscope open them.`;
}

async function runPhases(target: Target, bench: Bench): Promise<Phase[]> {
  await warmUp(target, bench);
  const { connections, streams, openingMs, settleMs } = bench.plan;
  bench.progress(`profiling ${target.name}: requests`);
  const requests = await withThreads(target, () =>
    ask<Saturation>(bench.load, target, { kind: "saturate", connections, settleMs, windowMs: SATURATE_MS }),
  );
  bench.progress(`profiling ${target.name}: streams`);
  const streamed = await withThreads(target, () =>
    ask<Streamed>(bench.load, target, {
      kind: "stream",
      streams,
      everyMs: 10,
      openingMs,
      settleMs,
      windowMs: STREAM_MS,
      translated: false,
    }),
  );
  return [
    { ...requests, name: "whole answers at saturation", unit: "request", count: requests.requests },
    { ...streamed, name: "paced streams", unit: "chunk", count: streamed.chunks },
  ];
}

/** Adds what each thread used meanwhile, settling and ending included. */
async function withThreads<T>(target: Target, body: () => Promise<T>): Promise<T & { threads: Thread[] }> {
  const pid = target.child.pid;
  const before = new Map(threads(pid).map(({ id, micros }) => [id, micros]));
  const result = await body();
  const used = threads(pid).map((thread) => ({ ...thread, micros: thread.micros - (before.get(thread.id) ?? 0) }));
  return { ...result, threads: used.filter(({ micros }) => micros > 0).sort((a, b) => b.micros - a.micros) };
}

/** The profile of a process's main thread: `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`. */
function readProfile(pid: number): CpuProfile {
  const file = readdirSync(FOLDER).find((name) => name.includes(`.${pid}.0.`));
  if (file === undefined) throw new Error("the profiled process left no profile: it did not end by itself");
  return JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8")) as CpuProfile;
}

function describe(target: Target, phase: Phase, recorded: CpuProfile): string {
  const from = phase.fromMs * 1000;
  const times = selfTimes(recorded, { from, to: from + phase.wallMs * 1000 });
  const all = times.reduce((sum, { micros }) => sum + micros, 0);
  const line = (micros: number, ...words: string[]) => [
    ...words,
    `${((micros / all) * 100).toFixed(1)} %`,
    (micros / phase.count).toFixed(2),
  ];
  const perUnit = `µs/${phase.unit}`;
  const cpu = (phase.cpuMicros / phase.count).toFixed(1);
  const functions = times.slice(0, TOP).map((time) => line(time.micros, nameOf(time)));
  const used = phase.threads.slice(0, 6).map(({ name, micros }) => `${name} ${(micros / 1000).toFixed(0)} ms`);
  return [
    `${target.name}, ${phase.name}: ${phase.count.toLocaleString("en-US")} ${phase.unit}s, ${cpu} CPU ${perUnit} under the profiler`,
    `threads: ${used.join(", ")}`,
    table([["part", "self", perUnit], ...byPart(times).map(({ part, micros }) => line(micros, part))]),
    table([["function", "self", perUnit], ...functions]),
  ].join("\n\n");
}

const nameOf = ({ name, place }: SelfTime) => (place === "" ? name : `${name}  ${place}`);
