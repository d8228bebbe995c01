/** Keys in Postgres, embedded or not. */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApiKey, KeyLook, KeyStore, NewStoredKey } from "../../core/keys.ts";
import { and, eq, getTableColumns, gt, isNull, sql } from "../database/drizzle.ts";
import { plainly } from "../database/plainly.ts";
import { apiKeys, settings, teams, tenants } from "../database/schema.ts";

export function databaseKeys(db: NodePgDatabase): KeyStore {
  return {
    look: (changedSince) => plainly(look(db, changedSince)),
    insert: (key, onlyOnce) => plainly(db.transaction((tx) => insert(tx, key, onlyOnce))),
    revoke: (id) => plainly(revoke(db, id)),
  };
}

/** One round trip: the clock stands in every row, and in a row of its own when no key has changed. */
async function look(db: NodePgDatabase, changedSince: Date | undefined): Promise<KeyLook> {
  const rows = await db
    .select({ asOf: sql`clock.as_of`.mapWith(apiKeys.changedAt), row: getTableColumns(apiKeys) })
    .from(sql`(select now() as as_of) clock`)
    .leftJoin(apiKeys, changedSince ? gt(apiKeys.changedAt, changedSince) : sql`true`);
  const keys = rows.flatMap(({ row }) => (row ? [{ key: toKey(row), secretHash: row.secretHash }] : []));
  return { keys, asOf: rows[0]!.asOf };
}

async function insert(tx: Transaction, { tags, models, ...key }: NewStoredKey, onlyOnce: string | undefined) {
  if (onlyOnce !== undefined) {
    // Another replica's transaction that does the same is waited for here.
    const name = { key: onlyOnce, value: key.id };
    const claimed = await tx.insert(settings).values(name).onConflictDoNothing().returning();
    if (claimed.length === 0) return undefined;
  }
  await tx.insert(tenants).values({ id: key.tenant }).onConflictDoNothing();
  await tx.insert(teams).values({ tenant: key.tenant, id: key.team }).onConflictDoNothing();
  const values = { ...key, tags: [...tags], models: models && [...models] };
  const [row] = await tx.insert(apiKeys).values(values).returning();
  return toKey(row!);
}

async function revoke(db: NodePgDatabase, id: string): Promise<ApiKey | undefined> {
  const notYet = and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt));
  await db.update(apiKeys).set({ revokedAt: sql`now()` }).where(notYet);
  const [row] = await db.select().from(apiKeys).where(eq(apiKeys.id, id));
  return row && toKey(row);
}

type Transaction = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0];

function toKey({ secretHash, changedAt, ...key }: typeof apiKeys.$inferSelect): ApiKey {
  return key;
}
