import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Conversations, KeptTurns, Turn } from "../../src/core/conversations.ts";

export interface ConversationsUnderTest {
  readonly store: Conversations & KeptTurns;
  /** The same turns as another replica sees them. */
  readonly another: Conversations & KeptTurns;
  /** Makes a turn as old as that. */
  age(id: string, days: number): Promise<void>;
  /** Days until a turn is forgotten. */
  daysLeft(id: string): Promise<number>;
  /** Deletes what is over; how many turns there are afterwards. */
  clean(): Promise<number>;
  close(): Promise<void>;
}

export function conversationsContract(name: string, open: () => Promise<ConversationsUnderTest>): void {
  describe(`conversations: ${name}`, () => {
    let place: ConversationsUnderTest;
    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place.close());

    test("a turn comes back as it was kept, on any replica, at once", async () => {
      const kept = aTurn({ input: '[{"role":"user","content":"a\\u0000b \\ud83d\\udc9a"}]', items: ["msg_1", "fc_1"] });
      await place.store.put(kept);
      expect(await place.another.get("t", kept.id)).toEqual([kept]);
    });

    test("a turn comes with all before it, oldest first", async () => {
      const first = aTurn();
      const second = aTurn({ previous: first.id });
      const third = aTurn({ previous: second.id });
      const branch = aTurn({ previous: first.id });
      for (const turn of [first, second, third, branch]) await place.store.put(turn);
      expect(await place.another.get("t", third.id)).toEqual([first, second, third]);
      expect(await place.another.get("t", branch.id)).toEqual([first, branch]);
    });

    test("what is not there, or another tenant's, is not there", async () => {
      const mine = aTurn();
      await place.store.put(mine);
      await place.store.put({ ...aTurn({ tenant: "other" }), id: `${mine.id}-theirs`, previous: mine.id });
      expect(await place.store.get("t", "resp_never")).toBeUndefined();
      expect(await place.store.get("other", mine.id)).toBeUndefined();
      expect(await place.store.get("other", `${mine.id}-theirs`)).toBeUndefined(); // what it went on from is mine
      expect(await place.store.remove("other", mine.id)).toBe(false);
      expect(await place.store.get("t", mine.id)).toEqual([mine]);
    });

    test("two tenants may keep turns under one id", async () => {
      const mine = aTurn();
      const theirs = { ...mine, tenant: "other", response: '{"id":"theirs"}' };
      await place.store.put(mine);
      await place.store.put(theirs);
      expect(await place.store.get("t", mine.id)).toEqual([mine]);
      expect(await place.store.get("other", mine.id)).toEqual([theirs]);
    });

    test("a removed turn is gone, and nobody goes on from what went on from it", async () => {
      const first = aTurn();
      const second = aTurn({ previous: first.id });
      await place.store.put(first);
      await place.store.put(second);
      expect(await place.another.remove("t", first.id)).toBe(true);
      expect(await place.store.remove("t", first.id)).toBe(false);
      expect(await place.store.get("t", first.id)).toBeUndefined();
      expect(await place.store.get("t", second.id)).toBeUndefined();
      expect(await place.another.turn("t", second.id)).toEqual(second);
      expect(await place.another.turn("other", second.id)).toBeUndefined();
      expect(await place.another.turn("t", first.id)).toBeUndefined();
    });

    test("the later of two turns under one id counts", async () => {
      const first = aTurn();
      await place.store.put(first);
      await place.store.put({ ...first, response: '{"later":true}' });
      expect(await place.store.get("t", first.id)).toMatchObject([{ response: '{"later":true}' }]);
      await place.store.put({ ...first, previous: first.id }); // an endless circle
      expect(await place.store.get("t", first.id)).toBeUndefined();
    });

    test("turns are found by the items in them, but for other tenants'", async () => {
      const one = aTurn({ items: ["msg_a", "fc_a"] });
      const two = aTurn({ items: ["msg_b"] });
      await place.store.put(one);
      await place.store.put(two);
      await place.store.put(aTurn({ tenant: "other", items: ["msg_a"] }));
      const ids = async (...items: string[]) => (await place.another.holding("t", items)).map(({ id }) => id).sort();
      expect(await ids("fc_a", "msg_a")).toEqual([one.id]);
      expect(await ids("fc_a", "msg_b")).toEqual([one.id, two.id].sort());
      expect(await ids("nothing")).toEqual([]);
    });

    test("a turn is forgotten after 30 days without use; use keeps it and what came before it", async () => {
      const first = aTurn();
      const second = aTurn({ previous: first.id });
      await place.store.put(first);
      await place.store.put(second);
      expect(await place.daysLeft(first.id)).toBeCloseTo(30, 1);
      await place.age(first.id, 20);
      await place.age(second.id, 20);
      expect(await place.another.get("t", second.id)).toHaveLength(2);
      expect(await place.daysLeft(first.id)).toBeCloseTo(30, 1);
      await place.age(first.id, 31);
      expect(await place.store.get("t", first.id)).toBeUndefined();
      expect(await place.store.get("t", second.id)).toBeUndefined();
      expect(await place.store.remove("t", first.id)).toBe(false);
    });

    test("the clean-up takes what is over and nothing else", async () => {
      const over = Array.from({ length: 450 }, () => aTurn());
      const kept = aTurn();
      for (const turn of [...over, kept]) await place.store.put(turn);
      const before = await place.clean();
      for (const { id } of over) await place.age(id, 31);
      expect(await place.clean()).toBe(before - over.length);
      expect(await place.store.get("t", kept.id)).toEqual([kept]);
    });

    test("a conversation that no model could read is refused", async () => {
      let previous: string | null = null;
      for (let count = 0; count <= 1000; count++) {
        const turn = aTurn({ previous });
        await place.store.put(turn);
        previous = turn.id;
      }
      await expect(place.store.get("t", previous!)).rejects.toMatchObject({ code: "request_too_large" });
    });
  });
}

let count = 0;

function aTurn(fields: Partial<Turn> = {}): Turn {
  count += 1;
  return {
    tenant: "t",
    id: `resp_${count}`,
    previous: null,
    provider: "openai",
    input: '[{"role":"user","content":"hi"}]',
    response: `{"id":"resp_${count}","output":[]}`,
    items: [],
    ...fields,
  };
}
