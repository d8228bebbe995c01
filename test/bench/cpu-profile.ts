/** Reads a profile that `node --cpu-prof` wrote: which function had the CPU for how long in a stretch of it. */

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** µs of the monotonic clock, the one that `process.hrtime` reads. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** µs from the sample before to each sample. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** Where the function is, without what the machine puts before it; empty for what is not JavaScript. */
  readonly place: string;
  /** Whose code it is: a folder of ours, a package, Node, or V8 itself. */
  readonly part: string;
  readonly micros: number;
}

/** The time each function had for itself between two moments (µs of the monotonic clock), most first, idle left out. */
export function selfTimes(profile: CpuProfile, { from, to }: { from: number; to: number }): SelfTime[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const micros = new Map<string, SelfTime>();
  let at = profile.startTime;
  for (const [i, id] of profile.samples.entries()) {
    const begin = at + (profile.timeDeltas[i] ?? 0);
    at = begin;
    const lasted = profile.timeDeltas[i + 1] ?? 0;
    const frame = frames.get(id);
    if (!frame || frame.name === "(idle)" || begin < from || begin >= to) continue;
    const key = `${frame.name} ${frame.place}`;
    micros.set(key, { ...frame, micros: (micros.get(key)?.micros ?? 0) + lasted });
  }
  return [...micros.values()].sort((a, b) => b.micros - a.micros);
}

/** The same, summed over parts. */
export function byPart(times: readonly SelfTime[]): { part: string; micros: number }[] {
  const parts = new Map<string, number>();
  for (const { part, micros } of times) parts.set(part, (parts.get(part) ?? 0) + micros);
  return [...parts].map(([part, micros]) => ({ part, micros })).sort((a, b) => b.micros - a.micros);
}

function describe({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]) {
  const name = functionName || "(anonymous)";
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(url);
  if (installed)
    return { name, place: `${installed[1]}/${installed[2]}:${lineNumber + 1}`, part: installed[1] as string };
  const ours = /^file:.*?\/((src|plugins|test)\/.*)/.exec(url);
  if (ours?.[1]) {
    return { name, place: `${ours[1]}:${lineNumber + 1}`, part: ours[1].split("/").slice(0, 2).join("/") };
  }
  if (url.startsWith("node:")) return { name, place: `${url}:${lineNumber + 1}`, part: "node" };
  return { name, place: "", part: /^\((?:program|garbage)/.test(name) ? name : "native" };
}
