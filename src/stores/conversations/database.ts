/** Turns in Postgres, embedded or not. */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Answered, Conversations, KeptTurns, Turn } from "../../core/conversations.ts";
import { GatewayError } from "../../core/error.ts";
import { and, arrayOverlaps, eq, gt, sql } from "../database/drizzle.ts";
import { plainly } from "../database/plainly.ts";
import { turns } from "../database/schema.ts";

export function databaseConversations(db: NodePgDatabase): Conversations & KeptTurns {
  return {
    put: (turn) => plainly(put(db, turn)),
    get: (tenant, id) => plainly(get(db, tenant, id)),
    remove: (tenant, id) => plainly(remove(db, tenant, id)),
    turn: (tenant, id) => plainly(turn(db, tenant, id)),
    holding: (tenant, items) => plainly(holding(db, tenant, items)),
  };
}

/** From the last use: whoever goes on from a turn keeps those before it. */
const EXPIRY = sql`now() + interval '30 days'`;
/** A turn in use is written to once a day at most. */
const FRESH = sql`now() + interval '29 days'`;

/** A provider that gives an id twice means the later answer. */
async function put(db: NodePgDatabase, { items, ...turn }: Turn): Promise<void> {
  const values = { ...turn, items: [...items], createdAt: sql`now()`, expiresAt: EXPIRY };
  await db
    .insert(turns)
    .values(values)
    .onConflictDoUpdate({ target: [turns.tenant, turns.id], set: values });
}

/** Beyond these no model could read it, and it would fill our memory. */
const MAX_TURNS = 1000;
const MAX_BYTES = 64 * 1024 * 1024;

/** One round trip for the whole conversation. Those who read the same one at once need not wait for each other. */
async function get(db: NodePgDatabase, tenant: string, id: string): Promise<readonly Turn[] | undefined> {
  const bytes = sql`octet_length(t.input) + octet_length(t.response)`;
  const { rows } = await db.execute<Row>(sql`
    WITH RECURSIVE chain AS (
      SELECT t.*, 1 AS depth, ${bytes} AS bytes FROM turns t
      WHERE t.tenant = ${tenant} AND t.id = ${id} AND t.expires_at > now()
      UNION ALL
      SELECT t.*, c.depth + 1, c.bytes + ${bytes} FROM chain c JOIN turns t ON t.tenant = c.tenant AND t.id = c.previous
      WHERE t.id <> c.id AND t.expires_at > now() AND c.depth <= ${MAX_TURNS} AND c.bytes <= ${MAX_BYTES}
    ), used AS (
      SELECT t.tenant, t.id FROM turns t JOIN chain c ON t.tenant = c.tenant AND t.id = c.id
      WHERE t.expires_at < ${FRESH} FOR UPDATE OF t SKIP LOCKED
    ), kept AS (
      UPDATE turns t SET expires_at = ${EXPIRY} FROM used u WHERE t.tenant = u.tenant AND t.id = u.id
    )
    SELECT tenant, id, previous, provider, input, response, items, depth, bytes FROM chain ORDER BY depth DESC`);
  const [first] = rows;
  if (!first) return undefined;
  if (first.depth > MAX_TURNS || first.bytes > MAX_BYTES) throw tooLong();
  return first.previous === null ? rows.map(turnOf) : undefined;
}

type Row = Record<keyof Turn, never> & { readonly depth: number; readonly bytes: number };

function turnOf({ depth, bytes, ...turn }: Row): Turn {
  return turn as Turn;
}

function tooLong(): GatewayError {
  const what = `more than ${MAX_TURNS} turns or ${MAX_BYTES / 1024 / 1024} MB`;
  const message = `The conversation is too long to go on from: ${what}.`;
  return new GatewayError("request_too_large", message, { param: "previous_response_id" });
}

async function remove(db: NodePgDatabase, tenant: string, id: string): Promise<boolean> {
  const removed = await db.delete(turns).where(itself(tenant, id)).returning({ id: turns.id });
  return removed.length > 0;
}

function itself(tenant: string, id: string) {
  return and(eq(turns.tenant, tenant), eq(turns.id, id), gt(turns.expiresAt, sql`now()`));
}

async function turn(db: NodePgDatabase, tenant: string, id: string): Promise<Turn | undefined> {
  const [row] = await db.select().from(turns).where(itself(tenant, id));
  return row && told(row);
}

/** A request can hold many references, but they stand in few answers. */
const MAX_HOLDING = 200;

async function holding(db: NodePgDatabase, tenant: string, items: readonly string[]): Promise<readonly Answered[]> {
  const holds = and(eq(turns.tenant, tenant), gt(turns.expiresAt, sql`now()`), arrayOverlaps(turns.items, [...items]));
  const wanted = { id: turns.id, provider: turns.provider, response: turns.response };
  return db.select(wanted).from(turns).where(holds).orderBy(turns.createdAt).limit(MAX_HOLDING);
}

function told({ createdAt, expiresAt, ...turn }: typeof turns.$inferSelect): Turn {
  return turn;
}
