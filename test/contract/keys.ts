/** What every place for keys must do, whichever database stands behind it. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Announcements } from "../../src/core/announcements.ts";
import type { KeyRing, KeyStore, NewStoredKey } from "../../src/core/keys.ts";
import type { SharedSettings } from "../../src/core/settings.ts";
import { memoryAnnouncements } from "../../src/stores/announcements/memory.ts";
import { createKeyOffice, ensureFirstKey } from "../../src/stores/keys/office.ts";
import { confirmPepper } from "../../src/stores/keys/pepper.ts";
import { openKeyRing } from "../../src/stores/keys/ring.ts";
import { eventually } from "../stores/eventually.ts";

/** An empty place for keys, and how to reach it as another replica would. */
export interface KeysUnderTest {
  readonly store: KeyStore;
  readonly settings: SharedSettings;
  /** Two that look at the same keys. */
  readonly another: KeyStore;
  /** Puts in so many keys at once, past the port. */
  manyKeys(count: number): Promise<unknown>;
  close(): Promise<void>;
}

const PEPPER = "a pepper for tests";

export function keysContract(driver: string, open: () => Promise<KeysUnderTest>): void {
  describe(`keys on ${driver}`, () => {
    let place: KeysUnderTest;
    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place?.close());

    test("before anything else: of many replicas that start at once, one makes the first key", async () => {
      const stores = [place.store, place.another, place.store, place.another];
      const made = await Promise.all(
        stores.map(async (store) => {
          const { ring, close } = await replica(store);
          const issued = await ensureFirstKey(
            { store, pepper: PEPPER, ring },
            { tenant: "t", team: "t", name: "first" },
          );
          const accepted = issued && ring.authenticate(issued.token)?.id;
          await close();
          return issued && accepted;
        }),
      );
      const { keys } = await place.store.look();
      expect(keys.map(({ key }) => key.name)).toEqual(["first"]);
      expect(made.filter((id) => id !== undefined)).toEqual([keys[0]!.key.id]);
    });

    test("the first key is not made again, not even when it was revoked", async () => {
      const { store } = place;
      const { ring, close } = await replica(store);
      for (const { key } of (await store.look()).keys) await store.revoke(key.id);
      expect(
        await ensureFirstKey({ store, pepper: PEPPER, ring }, { tenant: "t", team: "t", name: "x" }),
      ).toBeUndefined();
      await close();
    });

    test("a key comes back as it was put in", async () => {
      const key = aKey({
        tenant: "Ünïted 'quotes\"",
        team: "a team; drop table api_keys",
        name: "日本語 🔑 \\",
        tags: ["a,b", '{"c"}', "", "NULL"],
        models: ["gpt-*", "null"],
        validFrom: new Date("2020-02-29T23:59:59.999Z"),
        expiresAt: new Date("2999-12-31T00:00:00.001Z"),
      });
      const inserted = await place.store.insert(key);
      const found = await find(place.another, key.id);
      const { secretHash, ...fields } = key;
      expect(inserted).toMatchObject({ ...fields, revokedAt: null });
      expect(found).toEqual({ key: inserted, secretHash });
      expect(Math.abs(inserted!.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    });

    test("no models and an empty list of models are different things", async () => {
      const [all, none] = [aKey({ models: null }), aKey({ models: [] })];
      await Promise.all([all, none].map((key) => place.store.insert(key)));
      expect([(await find(place.store, all.id))?.key.models, (await find(place.store, none.id))?.key.models]).toEqual([
        null,
        [],
      ]);
    });

    test("tenants and teams come into being when first named, by many at once too", async () => {
      const keys = Array.from({ length: 12 }, (_, i) => aKey({ tenant: `new-${i % 2}`, team: `new-${i % 3}` }));
      await Promise.all(keys.map((key, i) => (i % 2 ? place.store : place.another).insert(key)));
      for (const key of keys) expect(await find(place.store, key.id)).toBeDefined();
    });

    test("an id is used once", async () => {
      const key = aKey();
      await place.store.insert(key);
      const refusal = place.store.insert(key);
      await expect(refusal).rejects.toThrow(/duplicate|exists/);
      await expect(refusal).rejects.not.toThrow(key.secretHash); // what is thrown may end in a log
      expect(await find(place.store, key.id)).toBeDefined();
    });

    test("of many that use a name at once, one gets it", async () => {
      const keys = Array.from({ length: 8 }, () => aKey());
      const results = await Promise.all(
        keys.map((key, i) => (i % 2 ? place.store : place.another).insert(key, "a name")),
      );
      expect(results.filter((key) => key !== undefined)).toHaveLength(1);
      const found = await Promise.all(keys.map((key) => find(place.store, key.id)));
      expect(found.filter((key) => key !== undefined)).toHaveLength(1);
    });

    test("a failed insert leaves its name free", async () => {
      const taken = aKey();
      await place.store.insert(taken);
      await expect(place.store.insert(taken, "another name")).rejects.toThrow();
      expect(await place.store.insert(aKey(), "another name")).toBeDefined();
    });

    test("revoking says when; doing it again changes nothing; an unknown id is not a key", async () => {
      const key = aKey();
      await place.store.insert(key);
      const revoked = await place.store.revoke(key.id);
      expect(revoked?.revokedAt).toBeInstanceOf(Date);
      await sleep(5);
      expect(await place.another.revoke(key.id)).toEqual(revoked);
      expect(await place.store.revoke("nosuchkey000")).toBeUndefined();
      expect(await place.store.revoke("' or true --")).toBeUndefined();
    });

    test("a look shows what changed since an earlier one: new and revoked keys, and not the others", async () => {
      const [old, revoked, added] = [aKey(), aKey(), aKey()];
      await place.store.insert(old);
      await place.store.insert(revoked);
      await sleep(5);
      const { asOf } = await place.store.look();
      await sleep(5);
      expect((await place.store.look(asOf)).keys).toEqual([]);
      await place.another.revoke(revoked.id);
      await place.another.insert(added);
      const { keys, asOf: later } = await place.store.look(asOf);
      expect(keys.map(({ key }) => key.id).sort()).toEqual([revoked.id, added.id].sort());
      expect(later.getTime()).toBeGreaterThan(asOf.getTime());
    });

    test("the first to claim a setting sets it for all", async () => {
      const values = ["a", "b", "c", "d"];
      const standing = await Promise.all(values.map((value) => place.settings.claim("colour", value)));
      expect(new Set(standing).size).toBe(1);
      expect(await place.settings.claim("colour", "z")).toBe(standing[0]);
      expect(await place.settings.claim("shape", "round")).toBe("round");
    });

    test("a second pepper is refused with what to do, and without showing either", async () => {
      await confirmPepper(place.settings, PEPPER);
      await confirmPepper(place.settings, PEPPER);
      const refusal = confirmPepper(place.settings, "the other pepper");
      await expect(refusal).rejects.toThrow(/GATEHOUSE_PEPPER/);
      await expect(refusal).rejects.not.toThrow(/the other pepper/);
    });

    test("a key works where it was made when the call that made it returns", async () => {
      const { office, ring, close } = await replica(place.store);
      const { key, token } = await office.create({ tenant: "t", team: "t", name: "n", tags: ["x"], models: ["m"] });
      expect(ring.authenticate(token)).toEqual(key);
      expect((await office.list())[0]).toEqual(key);
      await office.revoke(key.id);
      expect(ring.authenticate(token)).toBeUndefined();
      expect((await office.list()).find(({ id }) => id === key.id)?.revokedAt).toBeInstanceOf(Date);
      await close();
    });

    test("what is stored holds no secret and opens nothing", async () => {
      const { office, ring, close } = await replica(place.store);
      const { key, token } = await office.create({ tenant: "t", team: "t", name: "n" });
      const stored = await find(place.store, key.id);
      expect(JSON.stringify(stored)).not.toContain(token.slice(18));
      expect(ring.authenticate(`gate_${key.id}_${stored!.secretHash}`)).toBeUndefined();
      await close();
    });

    for (const announced of [true, false]) {
      test(`revoked on one replica, refused on the other within a second, ${announced ? "announced" : "unannounced"}`, async () => {
        const announcements = announced ? memoryAnnouncements() : undefined;
        const here = await replica(place.store, announcements);
        const there = await replica(place.another, announcements);
        const { key, token } = await here.office.create({ tenant: "t", team: "t", name: "n" });
        await eventually(() => there.ring.authenticate(token), 1000);
        const others = await there.office.create({ tenant: "t", team: "t", name: "other" });
        await here.office.revoke(key.id);
        expect(here.ring.authenticate(token)).toBeUndefined();
        const ms = await eventually(() => there.ring.authenticate(token) === undefined, 1000);
        if (announced) expect(ms).toBeLessThan(400); // sooner than it would have looked by itself
        expect(there.ring.authenticate(others.token)).toEqual(others.key);
        await here.close();
        await there.close();
      });
    }

    test("a look shows thousands of keys, each once", async () => {
      const before = (await place.store.look()).keys.length;
      await place.manyKeys(2500);
      const { keys } = await place.store.look();
      expect(keys.length - before).toBe(2500);
      expect(new Set(keys.map(({ key }) => key.id)).size).toBe(keys.length);
    });
  });
}

let count = 0;

function aKey(fields: Partial<NewStoredKey> = {}): NewStoredKey {
  count += 1;
  return {
    id: `test${String(count).padStart(8, "0")}`,
    tenant: "tenant",
    team: "team",
    name: "name",
    tags: [],
    models: null,
    validFrom: null,
    expiresAt: null,
    secretHash: "a-hash-that-is-never-shown",
    ...fields,
  };
}

async function find(store: KeyStore, id: string) {
  return (await store.look()).keys.find(({ key }) => key.id === id);
}

/** A ring and an office over a store, as in one gateway; without announcements nobody tells anybody anything. */
async function replica(store: KeyStore, announcements?: Announcements) {
  const ring: KeyRing = await openKeyRing({ store, pepper: PEPPER, ...(announcements ? { announcements } : {}) });
  const office = createKeyOffice({
    store,
    pepper: PEPPER,
    ring,
    announcements: announcements ?? memoryAnnouncements(),
  });
  return { ring, office, close: () => ring.close() };
}
