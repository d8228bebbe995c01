/** Who owns what providers keep, in Postgres, embedded or not. */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ObjectKind, ObjectStore, OwnedObject } from "../../core/objects.ts";
import { and, eq, sql } from "../database/drizzle.ts";
import { plainly } from "../database/plainly.ts";
import { objects } from "../database/schema.ts";

export function databaseObjects(db: NodePgDatabase): ObjectStore {
  return {
    find: (tenant, ids) => plainly(find(db, tenant, ids)),
    add: (added) => plainly(add(db, added)),
    remove: (object) => plainly(remove(db, object)),
  };
}

/** The ids travel as one array: a list of files is a page of thousands. */
async function find(
  db: NodePgDatabase,
  tenant: string | undefined,
  ids: readonly string[],
): Promise<readonly OwnedObject[]> {
  const among = sql`${objects.id} = ANY(${sql.param([...ids])}::text[])`;
  const rows = await db
    .select()
    .from(objects)
    .where(tenant === undefined ? among : and(eq(objects.tenant, tenant), among));
  return rows.map(({ createdAt, kind, ...object }) => ({ ...object, kind: kind as ObjectKind }));
}

async function add(db: NodePgDatabase, added: readonly OwnedObject[]): Promise<void> {
  if (added.length === 0) return;
  await db
    .insert(objects)
    .values([...added])
    .onConflictDoNothing();
}

async function remove(db: NodePgDatabase, { tenant, provider, id }: OwnedObject): Promise<void> {
  const itself = and(eq(objects.tenant, tenant), eq(objects.provider, provider), eq(objects.id, id));
  await db.delete(objects).where(itself);
}
