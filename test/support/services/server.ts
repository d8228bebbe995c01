import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chown, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { lastLines } from "./run.ts";
import type { Faults } from "./service.ts";

export interface Place {
  readonly port: number;
  /** The server's own folder, gone when the server is. */
  readonly folder: string;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** All that differs between one server program and the next. */
export interface Recipe {
  readonly name: string;
  /** What ends it soonest without leaving anything of it in the system. */
  readonly endSignal: NodeJS.Signals;
  /** Who it runs as, where that must not be us. */
  readonly user?: User | undefined;
  readonly env?: NodeJS.ProcessEnv;
  furnish?(folder: string): Promise<void>;
  command(place: Place): readonly string[];
  answers(port: number): Promise<boolean>;
}

export interface Server extends Place {
  readonly faults: Faults;
  stop(): Promise<void>;
}

/** Handed over as text: another user may not be allowed to read the file. */
const KEEPER = readFileSync(join(import.meta.dirname, "keeper.sh"), "utf8");
const START_LIMIT_MS = 30_000;
const ASK_EVERY_MS = 10;
/** A port can be lost between being found free and being used; a killed server's children can linger a moment. */
const START_TRIES = 5;
const BETWEEN_TRIES_MS = 100;

/** The process whose end ends a test run: vitest itself, seen from one of its workers. */
export const runOwner = (): number => (process.env.VITEST_POOL_ID && isMainThread ? process.ppid : process.pid);

/** Starts a server that lives no longer than the process `owner`. Resolves when it answers; throws with its last words. */
export async function startServer(recipe: Recipe, owner = process.pid): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `gatehouse-${recipe.name}-`));
  const { user } = recipe;
  if (user) await chown(folder, user.uid, user.gid);
  try {
    await recipe.furnish?.(folder);
    let { keeper, place } = await retried(async () => {
      const place = { port: await freePort(), folder };
      return { place, keeper: await launch(recipe, place, owner) };
    });
    const kill = (signal: NodeJS.Signals) => end(keeper, folder, signal);
    const restart = async () => {
      keeper = await retried(() => launch(recipe, place, owner));
    };
    const stop = async () => {
      await kill(recipe.endSignal);
      await rm(folder, { recursive: true, force: true });
    };
    return { ...place, faults: { kill: (signal = "SIGKILL") => kill(signal), restart }, stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function retried<T>(start: () => Promise<T>): Promise<T> {
  for (let left = START_TRIES - 1; ; left--) {
    try {
      return await start();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(BETWEEN_TRIES_MS);
    }
  }
}

async function launch(recipe: Recipe, place: Place, owner: number): Promise<ChildProcess> {
  const logPath = join(place.folder, "log");
  const log = await open(logPath, "w");
  const args = [
    "-c",
    KEEPER,
    "keeper.sh",
    `${owner}`,
    recipe.endSignal.replace("SIG", ""),
    place.folder,
    ...recipe.command(place),
  ];
  const keeper = spawn("bash", args, {
    detached: true,
    cwd: place.folder,
    env: { ...process.env, ...recipe.env },
    stdio: ["ignore", log.fd, log.fd],
    ...recipe.user,
  });
  keeper.unref();
  await log.close();
  if (await comesUp(recipe, place.port, keeper)) return keeper;
  await end(keeper, place.folder, "SIGKILL");
  throw new Error(`${recipe.name} did not start: ${lastLines(await readFile(logPath, "utf8"))}`);
}

/** False when it ended or stayed silent. */
async function comesUp(recipe: Recipe, port: number, keeper: ChildProcess): Promise<boolean> {
  const until = Date.now() + START_LIMIT_MS;
  while (isRunning(keeper) && Date.now() < until) {
    if (await recipe.answers(port).catch(() => false)) return isRunning(keeper);
    await sleep(ASK_EVERY_MS);
  }
  return false;
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

/** Signals the server itself and waits for its keeper, which ends right after it. */
async function end(keeper: ChildProcess, folder: string, signal: NodeJS.Signals) {
  if (!isRunning(keeper)) return;
  keeper.ref();
  const ended = once(keeper, "exit");
  const server = Number(await readFile(join(folder, "pid"), "utf8"));
  // 0 would be our own process group.
  if (!(server > 0)) throw new Error(`no process id in ${folder}`);
  process.kill(server, signal);
  await ended;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port for a test server");
  return address.port;
}
