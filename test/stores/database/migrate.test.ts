import { Pool } from "pg";
import { expect, test } from "vitest";
import { migrate } from "../../../src/stores/database/migrate.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";

await describeWith({ postgres }, "migrations", (services) => {
  test("replicas that start at once on an empty database all find it ready, and every migration was applied once", async () => {
    for (let round = 0; round < 5; round++) {
      const connectionString = await services.postgres.freshDatabase();
      const pools = Array.from({ length: 4 }, () => new Pool({ connectionString, max: 1 }));
      await Promise.all(pools.map(migrate));
      const tables = await tablesOf(pools[0]!);
      expect(tables).toEqual(
        expect.arrayContaining(["api_keys", "gatehouse_migrations", "settings", "teams", "tenants"]),
      );
      const { rows } = await pools[0]!.query("SELECT made_at FROM gatehouse_migrations");
      await migrate(pools[1]!);
      expect((await pools[0]!.query("SELECT made_at FROM gatehouse_migrations")).rows).toEqual(rows);
      await Promise.all(pools.map((pool) => pool.end()));
    }
  });

  test("a migration that fails leaves nothing of itself, and the next start tries again", async () => {
    const pool = new Pool({ connectionString: await services.postgres.freshDatabase(), max: 1 });
    await pool.query("CREATE TABLE tenants (in_the_way int)"); // the last table the first migration makes
    await expect(migrate(pool)).rejects.toThrow(/"tenants" already exists/);
    expect(await tablesOf(pool)).not.toContain("api_keys");
    await pool.query("DROP TABLE tenants");
    await migrate(pool);
    expect(await tablesOf(pool)).toContain("api_keys");
    await pool.end();
  });

  test("a database that a newer version has migrated is left as it is", async () => {
    const pool = new Pool({ connectionString: await services.postgres.freshDatabase(), max: 1 });
    await migrate(pool);
    await pool.query("INSERT INTO gatehouse_migrations (made_at, hash) VALUES (9999999999999, 'from the future')");
    await migrate(pool);
    await pool.end();
  });
});

async function tablesOf(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  return (rows as { tablename: string }[]).map(({ tablename }) => tablename);
}
