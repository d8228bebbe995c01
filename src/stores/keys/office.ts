/** Making keys and taking them back, and telling every replica. */
import type { Announcements } from "../../core/announcements.ts";
import type { IssuedKey, KeyOffice, KeyRequest, KeyRing, KeyStore } from "../../core/keys.ts";
import { hashSecret } from "./secret-hash.ts";
import { makeToken } from "./token.ts";

export interface KeyOfficeOptions {
  readonly store: KeyStore;
  readonly pepper: string;
  /** This replica's ring: it knows a change before the call that made it returns. */
  readonly ring: KeyRing;
  readonly announcements: Announcements;
}

/** Rings listen here. */
export const KEYS_CHANGED = "keys";

export function createKeyOffice({ store, pepper, ring, announcements }: KeyOfficeOptions): KeyOffice {
  const tellAll = async (id: string) => {
    await Promise.all([ring.refresh(), announcements.publish(KEYS_CHANGED, id)]);
  };
  return {
    async create(request) {
      const issued = await issue(store, pepper, request);
      await tellAll(issued!.key.id);
      return issued!;
    },
    async list() {
      const { keys } = await store.look();
      return keys.map(({ key }) => key).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    },
    async revoke(id) {
      const key = await store.revoke(id);
      if (key) await tellAll(id);
      return key;
    },
  };
}

/** The key that `npm start` prints: made once per database, by whichever replica comes first. Undefined when there are keys. */
export async function ensureFirstKey(
  { store, pepper, ring }: Pick<KeyOfficeOptions, "store" | "pepper" | "ring">,
  request: KeyRequest,
): Promise<IssuedKey | undefined> {
  if ((await store.look()).keys.length > 0) return undefined;
  const issued = await issue(store, pepper, request, "first-key");
  await ring.refresh();
  return issued;
}

async function issue(
  store: KeyStore,
  pepper: string,
  { tenant, team, name, tags = [], models = null, validFrom = null, expiresAt = null }: KeyRequest,
  onlyOnce?: string,
): Promise<IssuedKey | undefined> {
  const { id, secret, text } = makeToken();
  const secretHash = hashSecret(pepper, secret).toString("base64url");
  const key = await store.insert({ id, tenant, team, name, tags, models, validFrom, expiresAt, secretHash }, onlyOnce);
  return key && { key, token: text };
}
