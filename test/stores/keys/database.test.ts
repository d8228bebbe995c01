import { describe } from "vitest";
import { type Database, openDatabase } from "../../../src/stores/database/open.ts";
import { databaseSettings } from "../../../src/stores/database/settings.ts";
import { databaseKeys } from "../../../src/stores/keys/database.ts";
import { type KeysUnderTest, keysContract } from "../../contract/keys.ts";
import { embeddedDatabase, serverDatabase } from "../databases.ts";

keysContract("the embedded database", async () => {
  const database = await embeddedDatabase();
  // One process at a time has the embedded database: its other replica is the same store once more.
  return underTest(database, database, () => database.close());
});

const url = process.env.TEST_PG;
describe.skipIf(!url)("pg", () => {
  keysContract("a Postgres server", async () => {
    const one = await serverDatabase(url!);
    const two = await openDatabase({ url: one.url, dataDir: one.dataDir });
    return underTest(one, two, async () => {
      await two.close();
      await one.close();
    });
  });
});

function underTest(one: Database, two: Database, close: () => Promise<void>): KeysUnderTest {
  return {
    store: databaseKeys(one.db),
    another: databaseKeys(two.db),
    settings: databaseSettings(one.db),
    async manyKeys(count) {
      const columns = "id, tenant, team, name, secret_hash";
      const values = "'many' || n, 'tenant', 'team', 'name', 'a-hash'";
      await one.pool.query(`INSERT INTO api_keys (${columns}) SELECT ${values} FROM generate_series(1, $1) n`, [count]);
    },
    close,
  };
}
