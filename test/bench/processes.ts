/**
 * What a process costs: CPU time of all its threads and its memory. Linux tells both under /proc, CPU to the
 * nanosecond; elsewhere `ps` tells them, CPU to the hundredth of a second.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const HAS_PROC = existsSync("/proc/self/task");

/** User and system time in µs that the process `pid` has used since it began. */
export function cpuMicros(pid: number): number {
  if (!HAS_PROC) return parsePsTime(ps(pid, "time="));
  let micros = 0;
  for (const thread of threads(pid)) micros += thread.micros;
  return micros;
}

export interface Thread {
  readonly id: number;
  readonly name: string;
  readonly micros: number;
}

/** The threads of a process with the CPU time of each; Linux only, elsewhere none. */
export function threads(pid: number): Thread[] {
  if (!HAS_PROC) return [];
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const micros = parseSchedstat(read(`/proc/${pid}/task/${id}/schedstat`));
    return { id: Number(id), name: read(`/proc/${pid}/task/${id}/comm`).trim(), micros };
  });
}

/** Resident memory in MB: now, and the most there has been (the same as now where only `ps` can tell). */
export function memoryMb(pid: number): { now: number; peak: number } {
  if (HAS_PROC) return parseStatus(read(`/proc/${pid}/status`));
  const now = Number(ps(pid, "rss=")) / 1024;
  return { now, peak: now };
}

/** The CPUs this process may run on; empty where the system does not tell. */
export function allowedCpus(): number[] {
  return HAS_PROC ? parseCpuList(/Cpus_allowed_list:\s*(\S+)/.exec(read("/proc/self/status"))?.[1] ?? "") : [];
}

/** `/proc/<pid>/task/<tid>/schedstat` begins with the ns spent on a CPU. */
export const parseSchedstat = (text: string) => Number(text.split(" ")[0] || 0) / 1000;

/** `ps` prints `[[days-]hours:]minutes:seconds[.hundredths]`; the answer is µs. */
export function parsePsTime(text: string): number {
  const [clock = "", days = "0"] = text.trim().split("-").reverse();
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1e6);
}

/** `VmRSS` and `VmHWM` of `/proc/<pid>/status`, in MB. */
export function parseStatus(text: string): { now: number; peak: number } {
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function parseCpuList(text: string): number[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [from = 0, to = from] = part.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

const ps = (pid: number, column: string) => execFileSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" });

/** A thread may be gone between the listing and the reading: it then counts nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
