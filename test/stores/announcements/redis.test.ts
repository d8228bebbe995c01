import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openRedisAnnouncements } from "../../../src/stores/announcements/redis.ts";
import { announcementsContract } from "../../contract/announcements.ts";
import { describeWith } from "../../support/services/describe-with.ts";
import { redis } from "../../support/services/redis.ts";
import { cuttableWire } from "../cuttable.ts";
import { eventually } from "../eventually.ts";

await describeWith({ redis }, "announcements over a server", ({ redis: { url } }) => {
  announcementsContract("Redis", async () => {
    const troubles: unknown[] = [];
    const open = () => openRedisAnnouncements(url, (error) => troubles.push(error));
    const [one, other] = await Promise.all([open(), open()]);
    const close = async () => {
      await one.close();
      await other.close();
    };
    return { one, other, troubles, close };
  });

  test("while Redis is away announcements are lost without harm, and when it is back they are heard again", async () => {
    const wire = await cuttableWire(url);
    const troubles: unknown[] = [];
    const announcements = await openRedisAnnouncements(wire.url, (error) => troubles.push(error));
    const heard: string[] = [];
    announcements.subscribe("topic", (payload) => heard.push(payload));
    await announcements.publish("topic", "before");
    await eventually(() => heard.length === 1, 2000);
    await wire.cut();
    await eventually(() => troubles.length > 0, 2000);
    const start = performance.now();
    for (let i = 0; i < 20; i++) await announcements.publish("topic", "lost");
    expect(performance.now() - start).toBeLessThan(1000);
    await wire.mend();
    await eventually(async () => {
      await announcements.publish("topic", "after");
      return heard.includes("after");
    }, 5000);
    expect(heard).not.toContain("lost");
    await announcements.close();
    await wire.cut();
  });

  test("an outage of Redis is told once by each connection, not with every try", async () => {
    const wire = await cuttableWire(url);
    const troubles: unknown[] = [];
    const announcements = await openRedisAnnouncements(wire.url, (error) => troubles.push(error));
    await wire.cut();
    await sleep(1500);
    expect(troubles.length).toBeLessThanOrEqual(2);
    await announcements.close();
  });

  test("without Redis at the start it opens all the same, and works when Redis comes", async () => {
    const wire = await cuttableWire(url);
    await wire.cut();
    const announcements = await openRedisAnnouncements(wire.url, () => {});
    const heard: string[] = [];
    announcements.subscribe("topic", (payload) => heard.push(payload));
    await announcements.publish("topic", "lost");
    await wire.mend();
    await eventually(async () => {
      await announcements.publish("topic", "heard");
      return heard.includes("heard");
    }, 5000);
    await announcements.close();
    await wire.cut();
  });

  test("a Redis that accepts and never answers holds nobody up for long", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const start = performance.now();
    const announcements = await openRedisAnnouncements(`redis://127.0.0.1:${port}`, () => {});
    await announcements.publish("topic", "lost");
    expect(performance.now() - start).toBeLessThan(6000);
    await announcements.close();
    silent.close();
  });
});
