import { forgetExpiredTurns } from "../../../src/stores/conversations/clean-up.ts";
import { databaseConversations } from "../../../src/stores/conversations/database.ts";
import { type Database, openDatabase } from "../../../src/stores/database/open.ts";
import { type ConversationsUnderTest, conversationsContract } from "../../contract/conversations.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";
import { embeddedDatabase } from "../databases.ts";

conversationsContract("the embedded database", async () => {
  const database = await embeddedDatabase();
  return underTest(database, database, () => database.close());
});

await describeWith({ postgres }, "conversations kept on a server", (services) => {
  conversationsContract("a Postgres server", async () => {
    const url = await services.postgres.freshDatabase();
    const open = () => openDatabase({ url, dataDir: "not used" });
    const [one, two] = [await open(), await open()];
    return underTest(one, two, async () => {
      await one.close();
      await two.close();
    });
  });
});

function underTest(one: Database, two: Database, close: () => Promise<void>): ConversationsUnderTest {
  return {
    store: databaseConversations(one.db),
    another: databaseConversations(two.db),
    async age(id, days) {
      await one.pool.query("UPDATE turns SET expires_at = expires_at - make_interval(days => $2) WHERE id = $1", [
        id,
        days,
      ]);
    },
    async daysLeft(id) {
      const { rows } = await one.pool.query(
        "SELECT extract(epoch FROM expires_at - now())::float8 / 86400 AS days FROM turns WHERE id = $1",
        [id],
      );
      return (rows[0] as { days: number }).days;
    },
    async clean() {
      const failed = Promise.withResolvers<never>();
      const stop = forgetExpiredTurns(one.db, failed.reject, 10);
      const over = async () => {
        const { rows } = await one.pool.query(
          "SELECT count(*) FILTER (WHERE expires_at <= now())::int AS over FROM turns",
        );
        return (rows[0] as { over: number }).over;
      };
      do await Promise.race([new Promise((resolve) => setTimeout(resolve, 30)), failed.promise]);
      while ((await over()) > 0);
      stop();
      const { rows } = await one.pool.query("SELECT count(*)::int AS count FROM turns");
      return (rows[0] as { count: number }).count;
    },
    close,
  };
}
