/** Keys in Postgres, embedded or not. */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApiKey, KeyStore } from "../../core/keys.ts";
import { and, eq, getTableColumns, gt, isNull, sql } from "../database/drizzle.ts";
import { apiKeys, settings, teams, tenants } from "../database/schema.ts";

export function databaseKeys(db: NodePgDatabase): KeyStore {
  return {
    async look(changedSince) {
      // One round trip: the clock stands in every row, and in a row of its own when no key has changed.
      const rows = await db
        .select({ asOf: sql`clock.as_of`.mapWith(apiKeys.changedAt), row: getTableColumns(apiKeys) })
        .from(sql`(select now() as as_of) clock`)
        .leftJoin(apiKeys, changedSince ? gt(apiKeys.changedAt, changedSince) : sql`true`);
      const keys = rows.flatMap(({ row }) => (row ? [{ key: toKey(row), secretHash: row.secretHash }] : []));
      return { keys, asOf: rows[0]!.asOf };
    },

    insert({ tags, models, ...key }, onlyOnce) {
      return db.transaction(async (tx) => {
        if (onlyOnce !== undefined) {
          // Another replica's transaction that does the same is waited for here.
          const claimed = await tx
            .insert(settings)
            .values({ key: onlyOnce, value: key.id })
            .onConflictDoNothing()
            .returning();
          if (claimed.length === 0) return undefined;
        }
        await tx.insert(tenants).values({ id: key.tenant }).onConflictDoNothing();
        await tx.insert(teams).values({ tenant: key.tenant, id: key.team }).onConflictDoNothing();
        const [row] = await tx
          .insert(apiKeys)
          .values({ ...key, tags: [...tags], models: models && [...models] })
          .returning();
        return toKey(row!);
      });
    },

    async revoke(id) {
      await db
        .update(apiKeys)
        .set({ revokedAt: sql`now()` })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)));
      const [row] = await db.select().from(apiKeys).where(eq(apiKeys.id, id));
      return row && toKey(row);
    },
  };
}

function toKey({ secretHash, changedAt, ...key }: typeof apiKeys.$inferSelect): ApiKey {
  return key;
}
