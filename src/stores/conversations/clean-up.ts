import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { sql } from "../database/drizzle.ts";
import { plainly } from "../database/plainly.ts";

/** Deletes turns whose time is over, now and then; any number of replicas may do it at once. The function it returns ends it. */
export function forgetExpiredTurns(
  db: NodePgDatabase,
  onFailure: (error: unknown) => void,
  everyMs = EVERY_MS,
): () => void {
  let stopped = false;
  const clean = async () => {
    while (!stopped && (await plainly(deleteSome(db))) === BATCH_ROWS);
  };
  const timer = setInterval(() => clean().catch(onFailure), everyMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

const EVERY_MS = 3_600_000;
/** What one statement deletes holds nobody up for long. */
const BATCH_ROWS = 200;

async function deleteSome(db: NodePgDatabase): Promise<number> {
  const { rowCount } = await db.execute(sql`
    DELETE FROM turns USING (
      SELECT tenant, id FROM turns WHERE expires_at <= now() ORDER BY expires_at LIMIT ${BATCH_ROWS}
      FOR UPDATE SKIP LOCKED
    ) expired WHERE turns.tenant = expired.tenant AND turns.id = expired.id`);
  return rowCount ?? 0;
}
