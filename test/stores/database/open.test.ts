import { sql } from "drizzle-orm";
import { Client } from "pg";
import { afterEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../src/stores/database/open.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";
import { cuttableWire } from "../cuttable.ts";
import { eventually } from "../eventually.ts";

const opened: Database[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

async function open(url: string) {
  const troubles: string[] = [];
  const database = await openDatabase({ url, dataDir: "unused", onTrouble: (what) => troubles.push(what) });
  opened.push(database);
  return { ...database, troubles };
}

await describeWith({ postgres }, "a database on a server", (services) => {
  test("a server that goes away, with queries, transactions and idle connections on it, does not end us; back again, it is used again", async () => {
    const wire = await cuttableWire(await services.postgres.freshDatabase());
    const { db, pool, troubles } = await open(wire.url);
    const [idle, query] = [pool.query("SELECT 1"), pool.query("SELECT pg_sleep(30)")];
    await idle;
    const inside = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const transaction = db.transaction(async (tx) => {
      await tx.execute(sql`SELECT 1`);
      inside.resolve();
      await gone.promise; // the connection is lent out, and nothing runs on it
      await tx.execute(sql`SELECT 2`);
    });
    const failed = [query, transaction].map((work) =>
      work.then(
        () => "worked",
        () => "failed",
      ),
    );
    await inside.promise;
    await wire.cut();
    await eventually(() => troubles.length > 0, 1000);
    gone.resolve();
    expect(await Promise.all(failed)).toEqual(["failed", "failed"]);
    await expect(pool.query("SELECT 1")).rejects.toThrow();
    await wire.mend();
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await wire.cut();
  });

  test("connections that the server ends are replaced", async () => {
    const url = await services.postgres.freshDatabase();
    const { pool } = await open(url);
    await Promise.all([1, 2, 3].map(() => pool.query("SELECT pg_sleep(0.05)")));
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse' AND datname = current_database()",
    );
    await admin.end();
    await eventually(() => pool.idleCount === 0, 1000);
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("a server that comes a little later is waited for", async () => {
    const wire = await cuttableWire(await services.postgres.freshDatabase());
    await wire.cut();
    const opening = open(wire.url);
    setTimeout(() => void wire.mend(), 700);
    expect((await (await opening).pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await wire.cut();
  });

  test("a database that is not there is an error at once, and does not show the password", async () => {
    const url = new URL(services.postgres.url);
    url.password = "pass-word-in-url";
    url.pathname = "/no_such_database";
    const refusal = openDatabase({ url: url.href, dataDir: "unused" });
    await expect(refusal).rejects.toThrow(/DATABASE_URL.*no_such_database/);
    await expect(refusal).rejects.not.toThrow(/pass-word-in-url/);
  });
});
