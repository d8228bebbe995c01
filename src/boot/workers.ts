/** Several processes on one port: the kernel spreads the connections, and a process that dies is started again. */
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { AggregatorRegistry } from "prom-client";
import type { Logger } from "../observe/logger.ts";
import type { ServingStatus } from "../serving.ts";
import { WorkerLink } from "./ipc.ts";
import type { ServeOptions } from "./settings.ts";

export interface WorkersOptions {
  readonly count: number;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly options: ServeOptions;
  readonly pepper: string;
  readonly log: Logger;
  /** What they may take to finish their calls when stopped. */
  readonly drainLimitMs: number;
}

export interface Workers {
  readonly port: number;
  metrics(): Promise<{ text: string; contentType: string }>;
  /** The oldest generation that runs, and the first problem that any process has. */
  status(): Promise<ServingStatus>;
  /** Every process reads the configuration again; the lowest generation that runs. */
  reload(): Promise<number>;
  refreshKeys(): Promise<void>;
  stop(): Promise<void>;
}

/** Beyond the drain limit: for the last bytes, the pools and the database. */
const STOP_MARGIN_MS = 5000;
const RESTART_MIN_MS = 200;
const RESTART_MAX_MS = 10_000;

export async function startWorkers(given: WorkersOptions): Promise<Workers> {
  const port = given.port === 0 ? await freePort(given.host) : given.port;
  const running = new Map<ChildProcess, WorkerLink>();
  let stopping = false;
  let restartMs = RESTART_MIN_MS;

  const start = (): WorkerLink => {
    const child = forkWorker({ ...given.options, host: given.host, port, pepper: given.pepper });
    const link = new WorkerLink(child);
    running.set(child, link);
    link.ready
      .then(() => {
        restartMs = RESTART_MIN_MS;
      })
      .catch(() => {});
    child.on("exit", (code, signal) => {
      running.delete(child);
      if (stopping) return;
      given.log.error({ code, signal, restartMs }, "a process that serves calls has ended; it is started again");
      setTimeout(() => !stopping && start(), restartMs).unref();
      restartMs = Math.min(RESTART_MAX_MS, restartMs * 2);
    });
    return link;
  };

  const links = Array.from({ length: given.count }, start);
  try {
    await Promise.all(links.map((link) => link.ready));
  } catch (error) {
    stopping = true;
    for (const child of running.keys()) child.kill("SIGTERM");
    throw error;
  }

  const askAll = <T>(ask: (link: WorkerLink) => Promise<T>) => Promise.all([...running.values()].map(ask));
  return {
    port,
    async metrics() {
      const all = await askAll((link) => link.ask("metrics"));
      const registry = AggregatorRegistry.aggregate(all as object[]);
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    async status() {
      const all = await askAll((link) => link.ask("status"));
      const oldest = all.reduce((a, b) => (b.generation < a.generation ? b : a));
      return { ...oldest, configProblem: all.find((one) => one.configProblem)?.configProblem ?? null };
    },
    reload: async () => Math.min(...(await askAll((link) => link.ask("reload")))),
    refreshKeys: async () => void (await askAll((link) => link.ask("refreshKeys"))),
    async stop() {
      stopping = true;
      const gone = [...running.keys()].map((child) => new Promise((resolve) => child.once("exit", resolve)));
      for (const link of running.values()) link.stop();
      const timer = setTimeout(() => {
        for (const child of running.keys()) child.kill("SIGKILL");
      }, given.drainLimitMs + STOP_MARGIN_MS);
      await Promise.all(gone);
      clearTimeout(timer);
    },
  };
}

function forkWorker(options: ServeOptions & { pepper: string }): ChildProcess {
  // The pepper travels in the environment: an argument list can be read by every user of the machine.
  const { pepper, ...rest } = options;
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  return fork(entry, [JSON.stringify(rest)], { env: { ...process.env, GATEHOUSE_PEPPER: pepper } });
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
