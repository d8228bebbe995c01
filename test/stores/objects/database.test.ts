import { type Database, openDatabase } from "../../../src/stores/database/open.ts";
import { databaseObjects } from "../../../src/stores/objects/database.ts";
import { objectsContract } from "../../contract/objects.ts";
import { objectsInMemory } from "../../support/objects.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";
import { embeddedDatabase } from "../databases.ts";

objectsContract("the tests' memory", async () => {
  const store = objectsInMemory();
  return { store, another: store, close: async () => {} };
});

objectsContract("the embedded database", async () => {
  const database = await embeddedDatabase();
  const store = databaseObjects(database.db);
  return { store, another: databaseObjects(database.db), close: () => database.close() };
});

await describeWith({ postgres }, "objects kept on a server", (services) => {
  objectsContract("a Postgres server", async () => {
    const url = await services.postgres.freshDatabase();
    const open = (): Promise<Database> => openDatabase({ url, dataDir: "not used" });
    const [one, two] = [await open(), await open()];
    const close = async () => {
      await one.close();
      await two.close();
    };
    return { store: databaseObjects(one.db), another: databaseObjects(two.db), close };
  });
});
