import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./run.ts";
import { freePort, type Recipe, type Server } from "./server.ts";
import { type Kind, Unavailable } from "./service.ts";

const COMPOSE = join(import.meta.dirname, "compose.yml");
const PROBE_LIMIT_MS = 3_000;
const PULL_LIMIT_MS = 600_000;
const START_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 50;

/** Takes the project down when its owner is gone. Written for any POSIX shell: engines run on more than Linux. */
const GUARD = `while kill -0 "$1" 2>/dev/null; do sleep 1; done; docker compose -p "$2" -f "$3" down -v -t 1; rm -rf "$4"`;

let engine: Promise<unknown> | undefined;

/** Resolves where an engine answers and Compose is there; else `Unavailable`. Asked once per process. */
export function engineRuns(): Promise<unknown> {
  engine ??= Promise.all([
    run("docker", ["info", "--format", "{{.ServerVersion}}"], { timeoutMs: PROBE_LIMIT_MS }),
    run("docker", ["compose", "version"], { timeoutMs: PROBE_LIMIT_MS }),
  ]).catch(() => {
    throw new Unavailable("no Docker engine with Compose answers");
  });
  return engine;
}

/** Starts one service of `compose.yml` as a project of its own that ends with the process `owner`. */
export async function startContainer(
  kind: Kind,
  { answers, furnish }: Pick<Recipe, "answers" | "furnish">,
  owner = process.pid,
): Promise<Server> {
  await engineRuns();
  const project = `gatehouse-${kind.toLowerCase()}-${process.pid}-${randomBytes(3).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-docker-"));
  // Whoever the server is inside its container has to read what is laid out here.
  await chmod(folder, 0o755);
  await furnish?.(folder);
  const port = await freePort();
  const env = { ...process.env, GATEHOUSE_TEST_PORT: `${port}`, GATEHOUSE_TEST_FOLDER: folder };
  const compose = (...args: readonly string[]) =>
    run("docker", ["compose", "-p", project, "-f", COMPOSE, ...args], { env, timeoutMs: PULL_LIMIT_MS });

  const start = async () => {
    await compose("up", "--detach", "--quiet-pull", kind);
    await untilAnswers(answers, port, () => compose("logs", "--tail", "8", kind));
  };
  const kill = async (signal: NodeJS.Signals = "SIGKILL") => void (await compose("kill", "--signal", signal, kind));
  const guard = watch(owner, project, folder);
  const stop = async () => {
    guard.kill();
    await compose("down", "--volumes", "--timeout", "1");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  return { port, folder, faults: { kill, restart: start }, stop };
}

function watch(owner: number, project: string, folder: string): ChildProcess {
  const args = ["-c", GUARD, "guard", `${owner}`, project, COMPOSE, folder];
  const guard = spawn("sh", args, { detached: true, stdio: "ignore" });
  guard.unref();
  return guard;
}

async function untilAnswers(answers: Recipe["answers"], port: number, log: () => Promise<string>) {
  const until = Date.now() + START_LIMIT_MS;
  while (!(await answers(port).catch(() => false))) {
    if (Date.now() > until) throw new Error(`a container did not start: ${await log()}`);
    await sleep(ASK_EVERY_MS);
  }
}
