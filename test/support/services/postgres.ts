import { randomBytes } from "node:crypto";
import pg from "pg";
import { startContainer } from "./docker.ts";
import { addressOf } from "./environment.ts";
import { postgresRecipe } from "./postgres-recipe.ts";
import { type Server, startServer } from "./server.ts";
import { firstOf, type Service, type Source } from "./service.ts";
import { sharedUrl } from "./shared.ts";

export interface Postgres extends Service {
  /** Makes an empty database and returns its URL; it is dropped at `stop`. */
  freshDatabase(): Promise<string>;
}

interface PostgresOptions {
  /** A server of one's own that may be killed, instead of the one that all suites of a run share. */
  readonly alone?: boolean;
}

/** A real Postgres. Suites share one server (`url` is its maintenance database): work in a `freshDatabase()`. */
export function postgres({ alone = false }: PostgresOptions = {}): Promise<Postgres | undefined> {
  const url = addressOf("postgres");
  if (url) return Promise.resolve(asService("environment", url));
  return firstOf("postgres", [
    () => serve("docker", alone, async (owner) => startContainer("postgres", { answers }, owner)),
    () => serve("packages", alone, async (owner) => startServer(await postgresRecipe(answers), owner)),
  ]);
}

async function serve(source: Source, alone: boolean, start: (owner: number) => Promise<Server>): Promise<Postgres> {
  if (alone) {
    const server = await start(process.pid);
    return asService(source, urlOf(server.port), server);
  }
  const url = await sharedUrl(`postgres-${source}`, async (owner) => urlOf((await start(owner)).port), isUp);
  return asService(source, url);
}

const urlOf = (port: number) => `postgres://gatehouse:gatehouse@127.0.0.1:${port}/postgres`;

function asService(source: Source, url: string, server?: Server): Postgres {
  const made: string[] = [];
  const freshDatabase = async () => {
    const name = `gatehouse_test_${randomBytes(6).toString("hex")}`;
    await query(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
    made.push(name);
    return Object.assign(new URL(url), { pathname: `/${name}` }).href;
  };
  const stop = async () => {
    if (server) return server.stop();
    for (const name of made.splice(0)) await query(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url, source, freshDatabase, stop, ...(server && { faults: server.faults }) };
}

async function query(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  // A server that goes away while we leave is no concern of ours.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const isUp = (url: string): Promise<boolean> =>
  query(url, "SELECT 1").then(
    () => true,
    () => false,
  );

const answers = (port: number): Promise<boolean> => isUp(urlOf(port));
