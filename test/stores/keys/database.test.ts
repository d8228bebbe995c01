import { expect, it } from "vitest";
import { memoryAnnouncements } from "../../../src/stores/announcements/memory.ts";
import { type Database, openDatabase } from "../../../src/stores/database/open.ts";
import { databaseSettings } from "../../../src/stores/database/settings.ts";
import { databaseKeys } from "../../../src/stores/keys/database.ts";
import { createKeyOffice } from "../../../src/stores/keys/office.ts";
import { openKeyRing } from "../../../src/stores/keys/ring.ts";
import { type KeysUnderTest, keysContract } from "../../contract/keys.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";
import { embeddedDatabase } from "../databases.ts";
import { eventually } from "../eventually.ts";

keysContract("the embedded database", async () => {
  const database = await embeddedDatabase();
  // One process at a time has the embedded database: its other replica is the same store once more.
  return underTest(database, database, () => database.close());
});

await describeWith({ postgres }, "keys kept on a server", (services) => {
  keysContract("a Postgres server", async () => {
    const url = await services.postgres.freshDatabase();
    const [one, two] = [await openServer(url), await openServer(url)];
    return underTest(one, two, async () => {
      await one.close();
      await two.close();
    });
  });
});

const alone = () => postgres({ alone: true });

await describeWith({ postgres: alone }, "a Postgres server that is killed", ({ postgres: server }) => {
  it.skipIf(!server.faults)(
    "keys are accepted while it is gone; when it is back, they can be revoked and made again",
    async () => {
      const database = await openServer(await server.freshDatabase());
      const store = databaseKeys(database.db);
      const news: string[] = [];
      const onAway = () => news.push("away");
      const onBack = () => news.push("back");
      const ring = await openKeyRing({ store, pepper: "pepper", onAway, onBack });
      const office = createKeyOffice({ store, pepper: "pepper", ring, announcements: memoryAnnouncements() });
      const request = { tenant: "t", team: "t", name: "n" };
      const { key, token } = await office.create(request);
      await server.faults!.kill();
      await eventually(() => news.length === 1, 5000);
      expect(ring.authenticate(token)).toEqual(key);
      await expect(office.create(request)).rejects.toThrow();
      await server.faults!.restart();
      await eventually(() => news.length === 2, 10_000);
      expect(news).toEqual(["away", "back"]);
      expect(ring.authenticate(token)).toEqual(key);
      await office.revoke(key.id);
      expect(ring.authenticate(token)).toBeUndefined();
      expect(ring.authenticate((await office.create(request)).token)).toBeDefined();
      await ring.close();
      await database.close();
    },
  );
});

function openServer(url: string): Promise<Database> {
  return openDatabase({ url, dataDir: "not used" });
}

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
