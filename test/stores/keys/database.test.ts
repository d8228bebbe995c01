import { describe } from "vitest";
import { openDatabase } from "../../../src/stores/database/open.ts";
import { databaseSettings } from "../../../src/stores/database/settings.ts";
import { databaseKeys } from "../../../src/stores/keys/database.ts";
import { keysContract } from "../../contract/keys.ts";
import { embeddedDatabase, serverDatabase } from "../databases.ts";

keysContract("the embedded database", async () => {
  const { db, close } = await embeddedDatabase();
  // One process at a time has the embedded database: its other replica is the same store once more.
  return { store: databaseKeys(db), another: databaseKeys(db), settings: databaseSettings(db), close };
});

const url = process.env.TEST_PG;
describe.skipIf(!url)("pg", () => {
  keysContract("a Postgres server", async () => {
    const one = await serverDatabase(url!);
    const two = await openDatabase({ url: one.url, dataDir: one.dataDir });
    const close = async () => {
      await two.close();
      await one.close();
    };
    return { store: databaseKeys(one.db), another: databaseKeys(two.db), settings: databaseSettings(one.db), close };
  });
});
