/** The embedded database has no background processes: unless told to, it never makes a checkpoint, and its log grows for ever. */
import type { Pool } from "pg";

/** Bounds the log on disk, and with it the time to recover after a kill. The function it returns ends it. */
export function keepLogShort(pool: Pool, onFailure: (error: unknown) => void, lookEveryMs = LOOK_EVERY_MS): () => void {
  let checkpointAt = 0;
  const look = async () => {
    const { rows } = await pool.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS position");
    const { position } = rows[0] as { position: number };
    if (position - checkpointAt < MIN_LOG_BYTES) return;
    await pool.query("CHECKPOINT");
    checkpointAt = position;
  };
  const timer = setInterval(() => look().catch(onFailure), lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Half a segment of the log: a few milliseconds of recovery. */
const MIN_LOG_BYTES = 8 * 1024 * 1024;
const LOOK_EVERY_MS = 30_000;
