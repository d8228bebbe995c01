import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allowedCpus } from "./processes.ts";

/** Which CPU is whose; undefined where processes cannot be pinned or there is only one CPU. */
export interface Cores {
  readonly measured: number | undefined;
  readonly others: number | undefined;
}

export function findCores(): Cores {
  const cpus = allowedCpus();
  const pinnable = cpus.length > 1 && spawnSync("taskset", ["-V"]).status === 0;
  return pinnable ? { measured: cpus[0], others: cpus[1] } : { measured: undefined, others: undefined };
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cpu?: number | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A channel for messages; closing it is how the child is then told to end. */
  readonly channel?: boolean;
  /** A process group of its own, for a command that starts the real one. */
  readonly group?: boolean;
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Everything the child has printed so far. */
  output(): string;
  /** Asks it to end, and makes it end after `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

/** Starts processes that print into files of one temporary folder, and ends every one of them with the bench. */
export class Children {
  readonly folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  private readonly running = new Set<Child>();

  start(options: ChildOptions): Child {
    const { name, command, args, cpu, env = process.env, cwd, channel = false, group = false } = options;
    const log = join(this.folder, `${name}-${this.running.size}-${Date.now()}.log`);
    const file = openSync(log, "w");
    const words = cpu === undefined ? [command, ...args] : ["taskset", "-c", String(cpu), command, ...args];
    const child = spawn(words[0] as string, words.slice(1), {
      env,
      cwd,
      detached: group,
      stdio: channel ? ["ignore", file, file, "ipc"] : ["ignore", file, file],
    });
    const gone = once(child, "exit");
    gone.catch(() => {});
    const output = () => readFileSync(log, "utf8");
    const kill = (signal: NodeJS.Signals) => {
      if (child.pid === undefined) return;
      if (group) killGroup(child.pid, signal);
      else if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    };
    const stop = async (patienceMs = 6000) => {
      if (child.connected) child.disconnect();
      else kill("SIGTERM");
      const late = setTimeout(kill, patienceMs, "SIGKILL");
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await gone;
      // npm may be gone before what it started; nobody may be there to bury that, so the wait has an end.
      const until = performance.now() + LAST_OF_GROUP_MS;
      while (group && child.pid !== undefined && performance.now() < until && killGroup(child.pid, 0)) await sleep(20);
      clearTimeout(late);
      this.running.delete(started);
    };
    const started: Child = { pid: child.pid ?? 0, process: child, output, stop };
    this.running.add(started);
    return started;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map((child) => child.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A gateway without calls stops in little over a second. */
const LAST_OF_GROUP_MS = 1500;

/** False when there is nobody left in the group. */
function killGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-id, signal);
  } catch {
    return false;
  }
}

/** The next message of a child over its channel; fails with what it printed when it ends instead. */
export async function nextMessage<T>({ process: child, output }: Child): Promise<T> {
  const either = new AbortController();
  const { signal } = either;
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error(`a process of the bench ended early: ${output()}`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", { signal }), ended]);
    return message as T;
  } finally {
    ended.catch(() => {});
    either.abort();
  }
}

/** Asks every few ms until there is an answer; fails with what the child printed when it ends or takes too long. */
export async function until<T>(child: Child, limitMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const begin = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const ended = child.process.exitCode !== null || child.process.signalCode !== null;
    if (ended || performance.now() - begin > limitMs) {
      throw new Error(
        `no answer ${ended ? "before it ended" : `in ${limitMs / 1000} s`}; it printed: ${child.output()}`,
      );
    }
    await sleep(5);
  }
}
