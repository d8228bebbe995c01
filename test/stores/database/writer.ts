/** A process that writes to an embedded database until it is killed, and tells of each row once it is committed. */
import { openDatabase } from "../../../src/stores/database/open.ts";

const { pool } = await openDatabase({ dataDir: process.argv[2]! });
await pool.query("CREATE TABLE IF NOT EXISTS written (n int PRIMARY KEY, filling text NOT NULL)");
for (let n = 1; ; n++) {
  await pool.query("INSERT INTO written SELECT coalesce(max(n), 0) + 1, repeat('x', 2000) FROM written");
  process.send!(n);
}
