/** Keys in Postgres, embedded or not. */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApiKey, KeyLook, KeyStore, NewStoredKey, StoredKey } from "../../core/keys.ts";
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

/** In pages, so that calls get their turn in between; what changes meanwhile is in the next look, which begins where this one did. */
async function look(db: NodePgDatabase, changedSince: Date | undefined): Promise<KeyLook> {
  const keys: StoredKey[] = [];
  const first = await page(db, changedSince, undefined);
  for (let rows = first; ; rows = await page(db, changedSince, rows.at(-1)!.row!.id)) {
    for (const { row } of rows) if (row) keys.push({ key: toKey(row), secretHash: row.secretHash });
    if (rows.length < PAGE_ROWS) return { keys, asOf: first[0]!.asOf };
  }
}

/** 10,000 keys at once hold everything else up for 70 ms; a page takes 3. */
const PAGE_ROWS = 250;

/** The clock stands in every row, and in a row of its own when there is no key: one round trip for both. */
function page(db: NodePgDatabase, changedSince: Date | undefined, afterId: string | undefined) {
  const changed = changedSince && gt(apiKeys.changedAt, changedSince);
  const after = afterId === undefined ? undefined : gt(apiKeys.id, afterId);
  return db
    .select({ asOf: sql`clock.as_of`.mapWith(apiKeys.changedAt), row: getTableColumns(apiKeys) })
    .from(sql`(select now() as as_of) clock`)
    .leftJoin(apiKeys, and(sql`true`, changed, after))
    .orderBy(apiKeys.id)
    .limit(PAGE_ROWS);
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
