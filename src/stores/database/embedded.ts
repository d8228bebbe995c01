/** Postgres without a server: PGlite on a thread of its own, reached through a socket that only this user can open. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { lockDataFolder } from "./data-lock.ts";
import type { EmbeddedWorkerData, EmbeddedWorkerNews } from "./embedded-worker.ts";

export interface Embedded {
  /** What `pg` connects to. */
  readonly host: string;
  readonly port: number;
  /** Writes everything out and gives the folder back. */
  close(): Promise<void>;
}

/** `dataDir` is absolute. Throws when the folder cannot be used, or is used by another process. */
export async function startEmbedded(dataDir: string, onFailure: (error: unknown) => void): Promise<Embedded> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unlock = lockDataFolder(dataDir);
  try {
    const databaseDir = await ensureDatabase(dataDir);
    const socket = await placeForSocket(dataDir);
    const worker = await startWorker({ databaseDir, socketPath: socket?.path }, onFailure);
    const address = socket ?? { host: "127.0.0.1", port: Number(worker.listening.split(":")[1]), remove: undefined };
    const close = async () => {
      await worker.close();
      await socket?.remove();
      unlock();
    };
    return { host: address.host, port: address.port, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Made beside its place and then renamed: a first start that is cut short leaves nothing half made. */
async function ensureDatabase(dataDir: string): Promise<string> {
  const place = join(dataDir, "postgres");
  if (existsSync(place)) return place;
  const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith(UNFINISHED));
  await Promise.all(leftovers.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
  const unfinished = await mkdtemp(join(dataDir, UNFINISHED)); // readable by its owner alone: PGlite's files are open to all
  const child = fork(beside("embedded-create"), [unfinished], {
    execArgv: CREATE_FLAGS,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  const [code] = await once(child, "close");
  if (code !== 0)
    throw new Error(`The embedded database could not be made in ${dataDir}: ${complaint || `code ${code}`}`);
  await rename(unfinished, place);
  return place;
}

/** It runs once: compiling it well takes longer than running it badly (measured: 2.2 s of work instead of 3.0). */
const CREATE_FLAGS = ["--liftoff-only"];
const UNFINISHED = "postgres.unfinished-";

interface SocketPlace {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A Unix socket in a folder of our own: the database asks for no password, so a port would be open to every user of the
 * machine. In the data folder, or where that is too deep for a socket's path, among the temporary files. Undefined on
 * Windows, where `pg` knows only ports.
 */
async function placeForSocket(dataDir: string): Promise<SocketPlace | undefined> {
  if (process.platform === "win32") return undefined;
  let host = join(dataDir, "socket");
  if (socketIn(host).length > MAX_SOCKET_PATH) host = await mkdtemp(join(tmpdir(), "gatehouse-"));
  await mkdir(host, { recursive: true, mode: 0o700 });
  await chmod(host, 0o700);
  const path = socketIn(host);
  await rm(path, { force: true });
  return { host, port: PORT_IN_NAME, path, remove: () => rm(host, { recursive: true, force: true }) };
}

const PORT_IN_NAME = 5432;
/** macOS takes 103 bytes, Linux 107. */
const MAX_SOCKET_PATH = 103;

/** The name `pg` looks for in a host that begins with a slash. */
function socketIn(folder: string): string {
  return join(folder, `.s.PGSQL.${PORT_IN_NAME}`);
}

interface RunningWorker {
  readonly listening: string;
  close(): Promise<void>;
}

async function startWorker(data: EmbeddedWorkerData, onFailure: (error: unknown) => void): Promise<RunningWorker> {
  const worker = new Worker(beside("embedded-worker"), { workerData: data, execArgv: [] });
  // `once` rejects when the thread throws before it is ready; it can also just end.
  const ended = once(worker, "exit").then(([code]) => Promise.reject(new Error(`${ENDED} (code ${code}).`)));
  ended.catch(() => {}); // told below, once it is ready
  const [news] = (await Promise.race([once(worker, "message"), ended])) as [EmbeddedWorkerNews];
  let closing = false;
  worker.on("error", onFailure);
  ended.catch((error: unknown) => {
    if (!closing) onFailure(error);
  });
  const close = async () => {
    closing = true;
    const closed = Promise.race([once(worker, "message"), once(worker, "exit")]);
    worker.postMessage("close");
    await closed.finally(() => worker.terminate());
  };
  return { listening: "listening" in news ? news.listening : "", close };
}

const ENDED = "The thread of the embedded database ended";

/** A file next to this one: TypeScript where this runs as TypeScript, JavaScript where it was compiled. */
function beside(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
}
