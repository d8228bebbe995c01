/** Brings a database's tables up to date; any number of replicas may do it at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { MigrationMeta } from "drizzle-orm/migrator";
import type { Pool, PoolClient } from "pg";
import { readMigrationFiles } from "./drizzle.ts";

/** Applies, in one transaction, every migration the database has not seen. A database newer than this code is left as it is. */
export async function migrate(pool: Pool): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder: FOLDER });
  const client = await pool.connect();
  try {
    await makeTable(client);
    await inTransaction(client, async () => {
      // Whoever comes second waits here, and then finds everything done. Reading stays possible.
      await run(client, `LOCK TABLE ${TABLE} IN EXCLUSIVE MODE`);
      const { rows } = await run(client, `SELECT made_at::float8 AS made FROM ${TABLE}`);
      const seen = new Set((rows as { made: number }[]).map(({ made }) => made));
      for (const migration of migrations) if (!seen.has(migration.folderMillis)) await apply(client, migration);
    });
  } finally {
    client.release();
  }
}

/** The same from `src/stores/database` and, compiled, from `dist/stores/database`. */
const FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));
const TABLE = "gatehouse_migrations";

async function apply(client: PoolClient, { sql, folderMillis, hash }: MigrationMeta): Promise<void> {
  for (const statement of sql) await run(client, statement);
  await run(client, `INSERT INTO ${TABLE} (made_at, hash) VALUES ($1, $2)`, [folderMillis, hash]);
}

async function makeTable(client: PoolClient): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run(
        client,
        `CREATE TABLE IF NOT EXISTS ${TABLE} (made_at bigint PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
      );
      return;
    } catch (error) {
      // Two `IF NOT EXISTS` at once: both find nothing, one fails on the catalogue's own unique indexes.
      const lostRace = ALREADY_THERE.has((error as { code?: string }).code ?? "");
      if (!lostRace || tries === MAX_TRIES) throw error;
      await sleep(20 * tries);
    }
  }
}

/** unique_violation, duplicate_table, duplicate_object */
const ALREADY_THERE = new Set(["23505", "42P07", "42710"]);
const MAX_TRIES = 5;

async function inTransaction(client: PoolClient, work: () => Promise<void>): Promise<void> {
  await run(client, "BEGIN");
  try {
    await work();
    await run(client, "COMMIT");
  } catch (error) {
    await run(client, "ROLLBACK").catch(() => {}); // the connection may be gone; the first error is the one to tell
    throw error;
  }
}

/** Longer than the pool allows: building an index, or waiting for another replica that does. */
const STATEMENT_TIMEOUT_MS = 600_000;

function run(client: PoolClient, text: string, values: unknown[] = []) {
  // pg reads `query_timeout` per query; its types know it only per connection.
  const query = { text, values, query_timeout: STATEMENT_TIMEOUT_MS };
  return client.query(query);
}
