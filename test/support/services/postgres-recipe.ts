import { existsSync } from "node:fs";
import { chown, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { prepared } from "./cupboard.ts";
import { librariesOf, unpackWithDependencies } from "./debian.ts";
import { run } from "./run.ts";
import type { Recipe, User } from "./server.ts";
import { withinReach } from "./within-reach.ts";

interface Binaries {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

const INSTALLED = "/usr/lib/postgresql";
const PROBE_LIMIT_MS = 10_000;

/** Nothing is forced to disk: a commit survives the server's end, not the machine's. GMT needs no time zone files. */
const SETTINGS = [
  ...["fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1", "unix_socket_directories="],
  ...["max_connections=200", "jit=off", "timezone=GMT", "log_timezone=GMT"],
];

/** The Postgres installed here, else one unpacked from packages, on a fresh copy of an initialised data folder. */
export async function postgresRecipe(answers: Recipe["answers"]): Promise<Recipe> {
  const user = await humbleUser();
  const { folder: bin, env } = (await installedBinaries()) ?? (await unpackedBinaries(user));
  const template = await emptyCluster(bin, env, user);
  return {
    name: "postgres",
    // An immediate shutdown: no checkpoint, but its shared memory is given back.
    endSignal: "SIGQUIT",
    user,
    env,
    furnish: async (folder) => {
      await run("cp", ["-a", "--reflink=auto", template, join(folder, "data")]);
    },
    command: ({ port, folder }) => [
      ...[join(bin, "postgres"), "-D", join(folder, "data"), "-p", `${port}`],
      ...SETTINGS.flatMap((setting) => ["-c", setting]),
    ],
    answers,
  };
}

/** Postgres refuses to run as root; then it is `postgres` where that user exists, else `nobody`. */
async function humbleUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string, name: string) => Number(await run("id", [flag, name]));
  const named = async (name: string) => ({ uid: await id("-u", name), gid: await id("-g", name) });
  return named("postgres").catch(() => named("nobody"));
}

/** The newest Postgres that Debian keeps out of PATH, else the one in it. */
export async function installedBinaries(): Promise<Binaries | undefined> {
  const newest = await newestIn(INSTALLED);
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "postgres"));
  const inPath = paths.find((path) => existsSync(path));
  const candidates = [newest, inPath && dirname(await realpath(inPath))];
  const folder = candidates.find((path) => path && existsSync(join(path, "initdb")));
  return folder ? { folder, env: {} } : undefined;
}

async function newestIn(folder: string): Promise<string | undefined> {
  const versions = (await readdir(folder).catch(() => [])).map(Number).filter((version) => version > 0);
  const whole = versions
    .map((version) => join(folder, `${version}`, "bin"))
    .filter((bin) => existsSync(`${bin}/initdb`));
  return whole.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}

/** This release's own package, so that the machine's loader and libraries fit it and only what is missing comes along. */
const postgresTree = () => prepared("postgres", (folder) => unpackWithDependencies("own", ["postgresql"], folder));

async function unpackedBinaries(user: User | undefined): Promise<Binaries> {
  const tree = await withinReach(await postgresTree(), user);
  const folder = await newestIn(join(tree, "usr/lib/postgresql"));
  if (!folder) throw new Error(`no Postgres in ${tree}`);
  return { folder, env: { LD_LIBRARY_PATH: await librariesOf(tree) } };
}

/** `initdb` takes a second or two, a copy of what it made a few milliseconds. One per version and user. */
async function emptyCluster(bin: string, env: NodeJS.ProcessEnv, user: User | undefined): Promise<string> {
  const options = { ...user, env: { ...process.env, ...env }, cwd: "/", timeoutMs: PROBE_LIMIT_MS * 6 };
  const version = await run(join(bin, "postgres"), ["--version"], options);
  const major = /(\d+)/.exec(version)?.[1];
  const folder = await prepared(`postgres-${major}-empty-${user?.uid ?? process.getuid?.()}`, async (folder) => {
    const made = await mkdtemp(join(tmpdir(), "gatehouse-initdb-"));
    try {
      if (user) await chown(made, user.uid, user.gid);
      const identity = ["-U", "gatehouse", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
      await run(join(bin, "initdb"), [...identity, "--no-sync", "--wal-segsize=1", "-D", join(made, "data")], options);
      await run("cp", ["-a", join(made, "data"), folder]);
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  });
  return join(folder, "data");
}
