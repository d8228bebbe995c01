import type { ObjectStore, OwnedObject } from "../../src/core/objects.ts";

/** Owners for as long as the process lives. */
export function objectsInMemory(): ObjectStore {
  const held = new Map<string, OwnedObject>();
  const keyOf = ({ provider, id }: Pick<OwnedObject, "provider" | "id">) => JSON.stringify([provider, id]);
  return {
    async find(tenant, ids) {
      const wanted = new Set(ids);
      return [...held.values()].filter((one) => wanted.has(one.id) && (tenant ?? one.tenant) === one.tenant);
    },
    async add(objects) {
      for (const one of objects) if (!held.has(keyOf(one))) held.set(keyOf(one), one);
    },
    async remove(object) {
      if (held.get(keyOf(object))?.tenant === object.tenant) held.delete(keyOf(object));
    },
  };
}
