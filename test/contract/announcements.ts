/** What every way of telling other replicas must do. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Announcements } from "../../src/core/announcements.ts";
import { eventually } from "../stores/eventually.ts";

/** Two replicas that hear each other; what they complain of goes to `troubles`. */
export interface AnnouncementsUnderTest {
  readonly one: Announcements;
  readonly other: Announcements;
  readonly troubles: unknown[];
  close(): Promise<void>;
}

export function announcementsContract(driver: string, open: () => Promise<AnnouncementsUnderTest>): void {
  describe(`announcements over ${driver}`, () => {
    let pair: AnnouncementsUnderTest;
    let topic: string;
    let count = 0;
    beforeAll(async () => {
      pair = await open();
    });
    beforeEach(() => {
      topic = `topic-${process.pid}-${count++}`;
      pair.troubles.length = 0;
    });
    afterAll(() => pair?.close());

    test("what one publishes, both hear, in order", async () => {
      const [here, there] = [listen(pair.one, topic), listen(pair.other, topic)];
      const payloads = Array.from({ length: 100 }, (_, i) => `payload ${i} é 🔑 \r\n\u0000`);
      await Promise.all(payloads.map((payload) => pair.one.publish(topic, payload)));
      await eventually(() => here.length === 100 && there.length === 100, 2000);
      expect(here).toEqual(payloads);
      expect(there).toEqual(payloads);
    });

    test("topics are apart, whatever their names", async () => {
      const heard = [topic, `${topic}*`, `${topic}:sub`, `${topic}?`].map(
        (name) => [name, listen(pair.other, name)] as const,
      );
      for (const [name] of heard) await pair.one.publish(name, name);
      await eventually(() => heard.every(([, payloads]) => payloads.length > 0), 2000);
      await sleep(20);
      for (const [name, payloads] of heard) expect(payloads).toEqual([name]);
    });

    test("who stops listening hears no more, and others still do", async () => {
      const [first, second] = [[], []] as [string[], string[]];
      const stop = pair.other.subscribe(topic, (payload) => first.push(payload));
      pair.other.subscribe(topic, (payload) => second.push(payload));
      await pair.one.publish(topic, "a");
      await eventually(() => second.length === 1, 2000);
      stop();
      stop();
      await pair.one.publish(topic, "b");
      await eventually(() => second.length === 2, 2000);
      expect(first).toEqual(["a"]);
    });

    test("a listener that throws is told of, and keeps nobody from hearing", async () => {
      pair.other.subscribe(topic, () => {
        throw new Error("a broken listener");
      });
      const heard = listen(pair.other, topic);
      await pair.one.publish(topic, "a");
      await eventually(() => heard.length === 1, 2000);
      expect(pair.troubles).toEqual([new Error("a broken listener")]);
    });

    test("publishing what nobody listens to is fine", async () => {
      await pair.one.publish(topic, "a");
      expect(pair.troubles).toEqual([]);
    });

    test("after closing, nothing is heard and publishing is no error", async () => {
      const closing = await open();
      const heard = listen(closing.other, topic);
      await closing.close();
      await closing.one.publish(topic, "a");
      await sleep(20);
      expect(heard).toEqual([]);
      await closing.close();
    });
  });
}

function listen(announcements: Announcements, topic: string): string[] {
  const heard: string[] = [];
  announcements.subscribe(topic, (payload) => heard.push(payload));
  return heard;
}
