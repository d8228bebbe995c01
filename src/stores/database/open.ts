/** The database, be it a Postgres server or the embedded one: one driver, one pool, one schema. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { Pool, type PoolConfig } from "pg";
import { keepLogShort } from "./checkpoints.ts";
import { drizzle } from "./drizzle.ts";
import { type Embedded, startEmbedded } from "./embedded.ts";
import { migrate } from "./migrate.ts";

export interface DatabaseOptions {
  /** A `postgres://` URL; without it the embedded database in `dataDir`. */
  readonly url?: string | undefined;
  readonly dataDir: string;
  /** Hears of connections lost and the like, which mend themselves; queries under way fail by themselves. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

export interface Database {
  readonly kind: "embedded" | "postgres";
  readonly db: NodePgDatabase;
  readonly pool: Pool;
  /** Waits for queries under way; the embedded database is then complete on disk. */
  close(): Promise<void>;
}

/** Resolves when the tables are up to date. Throws with what to do when the database cannot be used. */
export async function openDatabase({ url, dataDir, onTrouble = () => {} }: DatabaseOptions): Promise<Database> {
  const embedded =
    url === undefined ? await startEmbedded(resolve(dataDir), tell("embedded database", onTrouble)) : undefined;
  const pool = openPool(embedded ? poolOfOne(embedded) : { connectionString: url, max: MAX_CONNECTIONS }, onTrouble);
  try {
    if (!embedded) await waitForServer(pool);
    await migrate(pool);
  } catch (error) {
    await pool.end();
    await embedded?.close();
    throw error;
  }
  const stopCheckpoints = embedded && keepLogShort(pool, tell("checkpoint", onTrouble));
  const close = async () => {
    stopCheckpoints?.();
    await Promise.race([pool.end(), sleep(CLOSE_WAIT_MS, undefined, { ref: false })]);
    await embedded?.close();
  };
  return { kind: embedded ? "embedded" : "postgres", db: drizzle({ client: pool }), pool, close };
}

/** For keys, for the turns of `/v1/responses`, and later for records that are written in batches: no other call waits for one. */
const MAX_CONNECTIONS = 5;

/** All connections would share PGlite's one backend, transactions and all, so one is all there is. */
function poolOfOne({ host, port }: Embedded): PoolConfig {
  return { host, port, user: "postgres", password: "", database: "postgres", ssl: false, max: 1, idleTimeoutMillis: 0 };
}

const QUERY_TIMEOUT_MS = 10_000;
/** A connection that was lent out and never given back must not keep us from ending. */
const CLOSE_WAIT_MS = QUERY_TIMEOUT_MS + 2000;

/**
 * Both timeouts are kept by the driver. `statement_timeout` as a connection option would be session state, which connection
 * poolers refuse.
 */
const BOUNDS = { connectionTimeoutMillis: 5000, query_timeout: QUERY_TIMEOUT_MS, keepAlive: true };

function openPool(config: PoolConfig, onTrouble: NonNullable<DatabaseOptions["onTrouble"]>): Pool {
  const pool = new Pool({ application_name: "gatehouse", ...BOUNDS, ...config });
  const lost = tell("database connection", onTrouble);
  pool.on("error", lost);
  // A connection that is lost while it is lent out tells only its own listeners, and without one ends the process.
  pool.on("connect", (client) => client.on("error", lost));
  return pool;
}

function tell(what: string, onTrouble: (what: string, error: unknown) => void): (error: unknown) => void {
  return (error) => onTrouble(what, error);
}

/** A server that starts beside us may need a moment. */
const SERVER_WAIT_MS = 15_000;
const RETRY_MS = 250;

async function waitForServer(pool: Pool): Promise<void> {
  const giveUpAt = performance.now() + SERVER_WAIT_MS;
  for (;;) {
    try {
      await pool.query("SELECT 1");
      return;
    } catch (error) {
      const { code = "" } = error as { code?: string };
      if (!NOT_YET.has(code) || performance.now() > giveUpAt) {
        throw new Error(`Postgres (DATABASE_URL) cannot be used: ${messageOf(error)}`, { cause: error });
      }
      await sleep(RETRY_MS);
    }
  }
}

/** Nobody listens, the name is not there yet, or "the database system is starting up". */
const NOT_YET = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ENOENT", "57P03"]);

/** A refusal by every address of a name is an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
