/** The gateway as an operator runs it: its own process, configuration file, data folder and API key. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isObject, tryParse } from "../../src/protocol/json.ts";
import { send } from "./client.ts";
import { ROOT } from "./options.ts";

export interface Gateway {
  readonly url: string;
  readonly apiKey: string;
  stop(): Promise<void>;
}

/** How long a first start may take on a busy machine, migrations included. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;

/** `config` is what gatehouse.yaml would hold. Rejects with the gateway's last words when it does not come up. */
export async function startGateway(config: unknown): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-conformance-"));
  const configFile = join(folder, "gatehouse.yaml");
  // JSON is YAML too.
  writeFileSync(configFile, JSON.stringify(config, null, 1));
  const adminToken = randomBytes(24).toString("hex");
  const [port, controlPort] = await freePorts(2);
  const child = spawn(process.execPath, ["src/cli/gatehouse.ts", "serve", "--config", configFile], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...inherited(),
      GATEHOUSE_HOST: "127.0.0.1",
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_CONTROL_PORT: String(controlPort),
      GATEHOUSE_DATA_DIR: join(folder, "data"),
      GATEHOUSE_ADMIN_TOKEN: adminToken,
      GATEHOUSE_LOG: "error",
    },
  });
  // Whoever stops the suite stops the gateway: it must not stay behind.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  const lastWords = collectOutput(child);
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, `http://127.0.0.1:${port}/readyz`);
    const apiKey = await createKey(`http://127.0.0.1:${controlPort}`, adminToken);
    return { url: `http://127.0.0.1:${port}`, apiKey, stop };
  } catch (error) {
    await stop();
    throw new Error(`The gateway did not start: ${(error as Error).message}\n${lastWords()}`);
  }
}

/** Nothing of the surrounding shell's settings or provider keys may colour the run. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "SystemRoot"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Free a moment ago: nobody else is expected to take one before the gateway does. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The last of what the process wrote, for its obituary. */
function collectOutput(child: ChildProcess): () => string {
  let output = "";
  const add = (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-4_000);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  return () => output.trim();
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("its process ended.");
    const answer = await send({ url, method: "GET", headers: {}, timeoutMs: 2_000 }).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(POLL_MS);
  }
  throw new Error(`/readyz was not 200 within ${START_LIMIT_MS / 1000} s.`);
}

async function createKey(controlUrl: string, adminToken: string): Promise<string> {
  const answer = await send({
    url: `${controlUrl}/admin/v1/keys`,
    headers: { authorization: `Bearer ${adminToken}` },
    body: { name: "conformance" },
    timeoutMs: 10_000,
  });
  const text = answer.body.toString("utf8");
  const body = tryParse(text);
  if (answer.status === 201 && isObject(body) && typeof body.key === "string") return body.key;
  throw new Error(`no API key from the admin API: ${answer.status} ${text}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}
