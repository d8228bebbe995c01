/** A gateway as a user starts it: a process of its own, from the command line, on free ports and an empty data folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = new URL("../../", import.meta.url).pathname;

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly dataDir: string;
  /** All that it printed on standard output and error so far. */
  output(): string;
  readonly url: string;
  readonly controlUrl: string;
  /** From the start-up text; undefined when it was not shown. */
  readonly key: string | undefined;
  readonly adminToken: string | undefined;
  /** From the spawn to the first good answer of the readiness check, in ms. */
  readonly startedInMs: number;
  /** Resolves to the exit code after a SIGTERM. */
  stop(): Promise<number | null>;
  /** Resident memory in MB; Linux only. */
  memoryMb(): Promise<number>;
}

export interface ProcessOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Reused from an earlier start; else a new one. */
  readonly dataDir?: string;
  /** Command and arguments; the checkout's own `serve` by default. */
  readonly command?: readonly string[];
  readonly cwd?: string;
}

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: { start: string } };
const startWords = scripts.start.split(" ").slice(1);

/** What `npm start` runs, with the node that runs this test and from any folder. */
export const SERVE = [process.execPath, ...startWords.map((word) => (word.endsWith(".ts") ? join(root, word) : word))];

/** This environment less what would change a gateway: a developer's provider key would make tests call that provider. */
export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  return { ...Object.fromEntries(kept), OLLAMA_HOST: "127.0.0.1:9", ...extra };
}

const OURS = /_API_KEY$|^GATEHOUSE_|^(DATABASE|REDIS)_URL$|^npm_(?!config_cache$)/;

export async function startGateway(options: ProcessOptions = {}): Promise<GatewayProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "gatehouse-")));
  const [command, ...args] = options.command ?? SERVE;
  const startedAt = performance.now();
  const child = spawn(command!, [...args, "--port", "0", "--control-port", "0", ...(options.args ?? [])], {
    cwd: options.cwd ?? dataDir,
    env: cleanEnv({ GATEHOUSE_DATA_DIR: join(dataDir, "data"), ...options.env }),
    stdio: ["ignore", "pipe", "pipe"],
    // npx stands between us and the gateway and hands no signal on: its whole group is told to stop.
    detached: options.command !== undefined,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data) => {
      output += data;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const find = (pattern: RegExp) => pattern.exec(output)?.[1];
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The gateway did not start:\n${output}`);
    if (performance.now() - startedAt > 60_000)
      throw new Error(`The gateway did not start within a minute:\n${output}`);
    if (/ {2}curl /.test(output)) break;
    await sleep(10);
  }
  const url = find(/API\s+(http:\/\/\S+)\/v1/)!;
  await fetch(`${url}/readyz`);
  return {
    child,
    dataDir,
    output: () => output,
    url,
    controlUrl: find(/Control\s+(http:\/\/\S+)/)!,
    key: find(/API key\s+(gate_\w+)/),
    adminToken: find(/Admin token\s+([\w-]{40,})/),
    startedInMs: performance.now() - startedAt,
    async stop() {
      if (options.command) process.kill(-child.pid!, "SIGTERM");
      else child.kill("SIGTERM");
      const code = await exited;
      while (await fetch(`${url}/healthz`).catch(() => undefined)) await sleep(50);
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
      return code;
    },
    async memoryMb() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
  };
}

/** One chat call; a stream when `fields` say so. */
export function ask(url: string, key: string, fields: Record<string, unknown> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello" }], ...fields }),
  });
}

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(
  command: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<RunResult> {
  const [name, ...args] = command;
  const child = spawn(name!, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** The command line of this checkout. */
export const cli = (...args: readonly string[]) => [process.execPath, join(root, "src/cli/gatehouse.ts"), ...args];
