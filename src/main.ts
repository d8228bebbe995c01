/** Boot: settings → secrets → database and keys → data plane and control plane; and down again in the reverse order. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { banner } from "./boot/banner.ts";
import { startControlPlane } from "./boot/control-plane.ts";
import { startDataPlane } from "./boot/data-plane.ts";
import { type Keys, openKeys } from "./boot/keys.ts";
import { secret } from "./boot/secrets.ts";
import { readSettings, type ServeOptions, type Settings } from "./boot/settings.ts";
import { trimHeap } from "./boot/trim.ts";
import { startWorkers } from "./boot/workers.ts";
import { type Environment, readEnvironment } from "./config/environment.ts";
import { createLogger, type Logs } from "./observe/logger.ts";
import type { ServingStatus } from "./serving.ts";

export interface RunningGateway {
  /** Base addresses, without a path. */
  readonly dataUrl: string;
  readonly controlUrl: string;
  readonly adminToken: string;
  /** Present when this start made it. */
  readonly firstKey: string | undefined;
  /** What to print for a person. */
  readonly banner: string;
  /** Finishes the calls under way, within the drain limit, and closes everything. */
  stop(): Promise<void>;
}

/** Starts a gateway in this process (with `workers` above 1: as the supervisor of others). Throws with what to do about it. */
export async function start(options: ServeOptions = {}, env: NodeJS.ProcessEnv = process.env): Promise<RunningGateway> {
  const environment = readEnvironment(env);
  const count = options.workers ?? 1;
  if (count > 1) refuseEmbedded(environment);
  const settings = await readSettings(options, environment, env);
  const logs = createLogger({ level: environment.GATEHOUSE_LOG, format: environment.GATEHOUSE_LOG_FORMAT });
  const dataDir = environment.GATEHOUSE_DATA_DIR;
  const pepper = await secret({
    given: environment.GATEHOUSE_PEPPER,
    dataDir,
    file: "pepper",
    variable: "GATEHOUSE_PEPPER",
  });
  const adminToken = await secret({
    given: environment.GATEHOUSE_ADMIN_TOKEN,
    dataDir,
    file: "admin-token",
    variable: "GATEHOUSE_ADMIN_TOKEN",
  });
  const keys = await openKeys({ environment, pepper: pepper.value, log: logs.log });
  const closing: (() => Promise<unknown>)[] = [async () => logs.flush(), () => keys.close()];
  try {
    const firstKey = await keys.firstKey();
    const parts: Parts = { options, environment, env, settings, keys, logs, pepper: pepper.value };
    const data = count > 1 ? await several(count, parts) : await one(parts);
    closing.push(() => data.stop());
    const control = await startControlPlane(settings.config, {
      adminToken: adminToken.value,
      metricsToken: environment.GATEHOUSE_METRICS_TOKEN,
      keys: keys.admin(data.refreshKeys),
      metrics: data.metrics,
      reload: async () => ({ generation: await data.reload() }),
      status: async () => ({ version: VERSION, processes: count, database: keys.database, ...(await data.status()) }),
    });
    closing.push(() => control.stop());
    const dataUrl = `http://${shown(settings.config.listen.host)}:${data.port}`;
    const controlUrl = `http://${shown(settings.config.control.host)}:${control.port}`;
    const text = banner({
      version: VERSION,
      dataUrl,
      controlUrl,
      config: settings.configFile ?? "none; providers are taken from the environment (write gatehouse.yaml to decide)",
      storage: storageText(environment),
      providers: settings.providers,
      apiKey: firstKey,
      adminToken: adminToken.fresh ? adminToken.value : undefined,
      adminTokenFile: environment.GATEHOUSE_ADMIN_TOKEN ? "GATEHOUSE_ADMIN_TOKEN" : join(dataDir, "admin-token"),
      model: settings.model,
      command: COMMAND,
      processes: count,
    });
    const stop = async () => {
      for (const close of closing.reverse()) await close();
    };
    trimHeap();
    return { dataUrl, controlUrl, adminToken: adminToken.value, firstKey, banner: text, stop: once(stop) };
  } catch (error) {
    for (const close of closing.reverse()) await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** `auto`: one process per core. */
export function workerCount(text: string): number {
  return text === "auto" ? availableParallelism() : Number(text);
}

const VERSION: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
const COMMAND = import.meta.url.endsWith(".ts") ? "npm run gatehouse --" : "npx gatehouse";

interface Parts {
  readonly options: ServeOptions;
  readonly environment: Environment;
  readonly env: NodeJS.ProcessEnv;
  readonly settings: Settings;
  readonly keys: Keys;
  readonly logs: Logs;
  readonly pepper: string;
}

/** What the control plane needs of the processes that serve calls, be they this one or others. */
interface DataSide {
  readonly port: number;
  refreshKeys(): Promise<void>;
  metrics(): Promise<{ text: string; contentType: string }>;
  reload(): Promise<number>;
  status(): Promise<ServingStatus>;
  stop(): Promise<void>;
}

async function one({ settings, env, keys, logs }: Parts): Promise<DataSide> {
  const plane = await startDataPlane({
    config: settings.config,
    configFile: settings.configFile,
    env,
    authenticate: keys.authenticate,
    conversations: keys.conversations,
    objects: keys.objects,
    logs,
    reusePort: false,
  });
  const { metrics, serving } = plane;
  return {
    port: plane.port,
    refreshKeys: () => keys.refresh(),
    metrics: async () => ({ text: await metrics.registry.metrics(), contentType: metrics.registry.contentType }),
    reload: () => serving.reload(),
    status: async () => serving.status(),
    stop: () => plane.stop(),
  };
}

async function several(count: number, { options, settings, logs, pepper }: Parts): Promise<DataSide> {
  const { listen, drain } = settings.config;
  return startWorkers({ count, ...listen, options, pepper, log: logs.log, drainLimitMs: drain.limitMs });
}

/** Two processes must never count the same budget apart, so they need one Postgres and one Redis between them. */
function refuseEmbedded(environment: Environment): void {
  const missing = (["DATABASE_URL", "REDIS_URL"] as const).filter((name) => environment[name] === undefined);
  if (missing.length === 0) return;
  throw new Error(
    `--workers needs a shared Postgres and a shared Redis: set ${missing.join(" and ")}. ` +
      "The embedded database and counters belong to one process.",
  );
}

function storageText({ DATABASE_URL, REDIS_URL, GATEHOUSE_DATA_DIR }: Environment): string {
  const database = DATABASE_URL ? "Postgres" : `embedded Postgres in ${GATEHOUSE_DATA_DIR}`;
  return `${database}, ${REDIS_URL ? "Redis" : "memory"}`;
}

/** An address a person can open: nobody can connect to 0.0.0.0. */
function shown(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
