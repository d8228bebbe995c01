import { isPrepared } from "./cupboard.ts";
import { engineRuns } from "./docker.ts";
import { addressOf, VARIABLES } from "./environment.ts";
import { postgres } from "./postgres.ts";
import { installedBinaries } from "./postgres-recipe.ts";
import { prometheus } from "./prometheus.ts";
import { redis, redisQuery } from "./redis.ts";
import { type Kind, type Service, whyMissing } from "./service.ts";

/**
 * Downloads and unpacks all that the tests' servers need and starts each once: `node test/support/services/prepare.ts`.
 * `--check` only says where each would come from. Exits 1 when one cannot be had.
 */
const START: Readonly<Record<Kind, () => Promise<Service | undefined>>> = {
  postgres: () => postgres({ alone: true }),
  redis,
  redisQuery,
  prometheus: () => prometheus(""),
};

/** Where the unpacked packages of each lie. */
const SHELVES: Readonly<Record<Kind, readonly string[]>> = {
  postgres: ["postgres"],
  redis: ["redis-8.0"],
  redisQuery: ["redis-8.0", "redis-modules-0.1.8"],
  prometheus: ["prometheus"],
};

const KINDS = Object.keys(START) as Kind[];

if (process.argv.includes("--check")) await check();
else await prepare();

async function prepare() {
  for (const kind of KINDS) {
    const startedAt = performance.now();
    const service = await START[kind]();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
    await service?.stop();
    say(kind, service ? `${service.source}, up in ${seconds} s` : `cannot be had: ${whyMissing(kind)}`);
    if (!service) process.exitCode = 1;
  }
}

async function check() {
  const docker = await engineRuns().then(
    () => true,
    () => false,
  );
  for (const kind of KINDS) {
    if (addressOf(kind)) say(kind, `environment (${VARIABLES[kind]})`);
    else say(kind, docker ? "docker" : `packages (${await packages(kind)})`);
  }
}

async function packages(kind: Kind): Promise<string> {
  const installed = kind === "postgres" ? await installedBinaries() : undefined;
  if (installed) return `installed in ${installed.folder}`;
  return SHELVES[kind].every(isPrepared) ? "unpacked" : "to be downloaded";
}

function say(kind: Kind, text: string) {
  console.log(`${kind.padEnd(11)} ${text}`);
}
