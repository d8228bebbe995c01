/** What every place for owners of objects must do, whichever database stands behind it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectStore, OwnedObject } from "../../src/core/objects.ts";

/** An empty place, and how to reach it as another replica would. */
export interface ObjectsUnderTest {
  readonly store: ObjectStore;
  readonly another: ObjectStore;
  close(): Promise<void>;
}

export function objectsContract(driver: string, open: () => Promise<ObjectsUnderTest>): void {
  describe(`owners of objects in ${driver}`, () => {
    let place: ObjectsUnderTest;
    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place?.close());

    test("an object comes back to its tenant, on any replica, as it was put in", async () => {
      const one = anObject({ tenant: "Ünïted 'quotes\"", provider: "p, {q}", kind: "fine_tuning_job" });
      await place.store.add([one]);
      expect(await place.another.find(one.tenant, [one.id])).toEqual([one]);
    });

    test("to another tenant it is not there", async () => {
      const one = anObject();
      await place.store.add([one]);
      expect(await place.store.find("stranger", [one.id])).toEqual([]);
      expect(await place.store.find(undefined, [one.id])).toEqual([one]);
      await place.store.remove({ ...one, tenant: "stranger" });
      expect(await place.store.find(one.tenant, [one.id])).toEqual([one]);
    });

    test("the first owner stays, and adding again changes nothing", async () => {
      const one = anObject();
      await place.store.add([one]);
      await place.another.add([one, { ...one, tenant: "stranger" }, { ...one, kind: "batch" }]);
      expect(await place.store.find("stranger", [one.id])).toEqual([]);
      expect(await place.store.find(one.tenant, [one.id])).toEqual([one]);
    });

    test("of many that claim an id at once, one owns it", async () => {
      const one = anObject();
      const claims = Array.from({ length: 8 }, (_, i) => ({ ...one, tenant: `claimant ${i}` }));
      await Promise.all(claims.map((claim, i) => (i % 2 ? place.store : place.another).add([claim])));
      const found = await Promise.all(claims.map(({ tenant }) => place.store.find(tenant, [one.id])));
      expect(found.flat()).toHaveLength(1);
    });

    test("the same id at two providers is two objects", async () => {
      const one = anObject();
      const two = { ...one, provider: "q", tenant: "stranger" };
      await place.store.add([one, two]);
      expect(await place.store.find(one.tenant, [one.id])).toEqual([one]);
      expect(await place.store.find("stranger", [one.id])).toEqual([two]);
    });

    test("what was removed is gone and can be owned anew", async () => {
      const one = anObject();
      await place.store.add([one]);
      await place.another.remove(one);
      await place.another.remove(one);
      expect(await place.store.find(one.tenant, [one.id])).toEqual([]);
      await place.store.add([{ ...one, tenant: "stranger" }]);
      expect(await place.store.find("stranger", [one.id])).toHaveLength(1);
    });

    test("among ten thousand ids it finds the tenant's own", async () => {
      const all = Array.from({ length: 10_000 }, (_, i) => `page-${i}`);
      const own = [anObject({ id: "page-17" }), anObject({ id: "page-9999" })];
      await place.store.add([...own, anObject({ id: "page-18", tenant: "stranger" })]);
      const found = await place.store.find("tenant", all);
      expect(found.map(({ id }) => id).sort()).toEqual(["page-17", "page-9999"]);
    });

    test("of nothing it finds nothing, and adds nothing", async () => {
      await place.store.add([]);
      expect(await place.store.find("tenant", [])).toEqual([]);
      expect(await place.store.find("tenant", ["' or true --", "{}", ""])).toEqual([]);
    });
  });
}

let count = 0;

function anObject(fields: Partial<OwnedObject> = {}): OwnedObject {
  return { tenant: "tenant", id: `file-${++count}`, provider: "p", kind: "file", ...fields };
}
