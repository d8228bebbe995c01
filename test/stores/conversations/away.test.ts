import { expect, it } from "vitest";
import { databaseConversations } from "../../../src/stores/conversations/database.ts";
import { inTime } from "../../../src/stores/conversations/in-time.ts";
import { openDatabase } from "../../../src/stores/database/open.ts";
import { KEY, startTestPlane } from "../../support/data-plane.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { postgres } from "../../support/services/postgres.ts";
import { eventually } from "../eventually.ts";

const alone = () => postgres({ alone: true });

await describeWith({ postgres: alone }, "a Postgres server that is killed", ({ postgres: server }) => {
  it.skipIf(!server.faults)(
    "costs answers at most two seconds and their keeping; nobody can go on meanwhile; when it is back all is as before",
    async () => {
      const database = await openDatabase({ url: await server.freshDatabase(), dataDir: "not used" });
      const conversations = inTime(databaseConversations(database.db));
      const plane = await startTestPlane(
        "providers: { demo: { kind: demo, tokensPerSecond: 10000 } }\nmodels: { m: { route: demo/demo } }",
        { conversations },
      );
      const ask = async (fields: Record<string, unknown> = {}) => {
        const startedAt = performance.now();
        const reply = await fetch(`${plane.url}/v1/responses`, {
          method: "POST",
          headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "m", input: "hi", ...fields }),
        });
        return {
          status: reply.status,
          body: (await reply.json()) as Record<string, unknown>,
          headers: reply.headers,
          ms: performance.now() - startedAt,
        };
      };
      const first = await ask();
      expect(first.body.store).toBe(true);
      await server.faults!.kill();
      const kept = await ask();
      expect(kept).toMatchObject({ status: 200, body: { status: "completed", store: false } });
      expect(kept.headers.get("x-gatehouse-dropped")).toBe("store");
      expect(kept.ms).toBeLessThan(3000);
      const goOn = await ask({ previous_response_id: first.body.id });
      expect(goOn).toMatchObject({ status: 503, body: { error: { code: "storage_unavailable" } } });
      expect(goOn.ms).toBeLessThan(3000);
      await server.faults!.restart();
      await eventually(async () => (await ask({ previous_response_id: first.body.id })).status === 200, 15_000);
      await plane.stop();
      await database.close();
    },
  );
});
