import { createHash, createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { ApiKey, KeyRing, KeyStore, StoredKey } from "../../../src/core/keys.ts";
import { memoryAnnouncements } from "../../../src/stores/announcements/memory.ts";
import { KEYS_CHANGED } from "../../../src/stores/keys/office.ts";
import { type KeyRingOptions, openKeyRing } from "../../../src/stores/keys/ring.ts";
import { hashSecret } from "../../../src/stores/keys/secret-hash.ts";
import { makeToken } from "../../../src/stores/keys/token.ts";
import { eventually } from "../eventually.ts";

const PEPPER = "a pepper for tests";
const NOW = Date.UTC(2026, 10, 24);

const opened: KeyRing[] = [];
afterEach(async () => {
  for (const ring of opened.splice(0)) await ring.close();
});

/** A ring over keys in an array; `look` can be replaced to fail or to wait. */
async function ringOver(stored: StoredKey[], options: Partial<KeyRingOptions> = {}) {
  const store = {
    looks: 0,
    async look() {
      store.looks += 1;
      return { keys: [...stored], asOf: new Date(NOW) };
    },
  };
  const ring = await openKeyRing({
    store: store as unknown as KeyStore,
    pepper: PEPPER,
    now: () => NOW,
    lookEveryMs: 3_600_000,
    ...options,
  });
  opened.push(ring);
  return { ring, store };
}

function newKey(fields: Partial<ApiKey> = {}): StoredKey & { readonly text: string } {
  const { id, secret, text } = makeToken();
  const key: ApiKey = {
    id,
    tenant: "t",
    team: "t",
    name: "n",
    tags: [],
    models: null,
    createdAt: new Date(NOW - 1000),
    validFrom: null,
    expiresAt: null,
    revokedAt: null,
    ...fields,
  };
  return { key, secretHash: hashSecret(PEPPER, secret).toString("base64url"), text };
}

/** Gives any 26 letters of secret a matching checksum, as an attacker would. */
function forged(id: string, secretStart: string): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const unchecked = `gate_${id}_${secretStart}`;
  let digits = "";
  for (let rest = crc32(unchecked), i = 0; i < 6; i++, rest = Math.floor(rest / 62))
    digits = alphabet[rest % 62] + digits;
  return unchecked + digits;
}

test("a key is accepted, again and again, and says whose it is", async () => {
  const one = newKey({ tenant: "acme" });
  const { ring } = await ringOver([newKey(), one, newKey()]);
  for (let i = 0; i < 3; i++) expect(ring.authenticate(one.text)).toEqual(one.key);
});

test("the same id with another secret is refused, before and after the true one was seen", async () => {
  const one = newKey();
  const { ring } = await ringOver([one]);
  const secretStart = one.text.slice(18, 44);
  const letters = fc.stringMatching(/^[0-9A-Za-z]{26}$/);
  // A shared beginning of every length, then something else: what a cache by prefix would take for the same key.
  const beginning = fc
    .tuple(fc.integer({ min: 0, max: 25 }), letters)
    .map(([n, l]) => secretStart.slice(0, n) + l.slice(n));
  const check = () =>
    fc.assert(
      fc.property(fc.oneof(letters, beginning), (start) => {
        fc.pre(start !== secretStart);
        expect(ring.authenticate(forged(one.key.id, start))).toBeUndefined();
      }),
    );
  check();
  expect(ring.authenticate(forged(one.key.id, secretStart))).toEqual(one.key);
  check();
  expect(ring.authenticate(one.text)).toEqual(one.key);
});

test("the secret of one key does not open another", async () => {
  const [one, two] = [newKey(), newKey()];
  const { ring } = await ringOver([one, two]);
  expect(ring.authenticate(forged(one.key.id, two.text.slice(18, 44)))).toBeUndefined();
});

test("what is stored does not open anything: not the hash in any spelling, not as a secret, not the id", async () => {
  const one = newKey();
  const { ring } = await ringOver([one]);
  const bytes = Buffer.from(one.secretHash, "base64url");
  const spellings = [one.secretHash, bytes.toString("hex"), bytes.toString("base64"), bytes.toString("latin1")];
  const letters = one.secretHash.replace(/[^0-9A-Za-z]/g, "0");
  for (const text of [
    ...spellings,
    ...spellings.map((hash) => `gate_${one.key.id}_${hash}`),
    forged(one.key.id, letters.slice(0, 26)),
    createHash("sha256").update(one.text).digest("hex"),
    one.key.id,
    `gate_${one.key.id}`,
    `gate_${one.key.id}_`,
  ]) {
    expect(ring.authenticate(text)).toBeUndefined();
  }
});

test("a key made under another pepper is refused", async () => {
  const one = newKey();
  const secretHash = createHmac("sha256", "another").update(one.text.slice(18)).digest("base64url");
  const { ring } = await ringOver([{ key: one.key, secretHash }]);
  expect(ring.authenticate(one.text)).toBeUndefined();
});

test("revoked, expired and not yet valid keys are refused; times count to the millisecond", async () => {
  const at = (offsetMs: number) => new Date(NOW + offsetMs);
  const cases: [Partial<ApiKey>, boolean][] = [
    [{ revokedAt: at(-1) }, false],
    [{ expiresAt: at(0) }, false],
    [{ expiresAt: at(1) }, true],
    [{ validFrom: at(1) }, false],
    [{ validFrom: at(0) }, true],
    [{ validFrom: at(-5), expiresAt: at(5) }, true],
  ];
  const keys = cases.map(([fields]) => newKey(fields));
  const { ring } = await ringOver(keys);
  cases.forEach(([, good], i) => {
    expect(ring.authenticate(keys[i]!.text) !== undefined).toBe(good);
  });
});

test("a key expires, and becomes valid, while the ring holds it", async () => {
  const short = newKey({ expiresAt: new Date(NOW + 1000) });
  const later = newKey({ validFrom: new Date(NOW + 1000) });
  let now = NOW;
  const { ring } = await ringOver([short, later], { now: () => now });
  expect([ring.authenticate(short.text)?.id, ring.authenticate(later.text)?.id]).toEqual([short.key.id, undefined]);
  now += 1000;
  expect([ring.authenticate(short.text)?.id, ring.authenticate(later.text)?.id]).toEqual([undefined, later.key.id]);
});

test("a refresh asked for while one is under way looks again, once for all who ask", async () => {
  const stored: StoredKey[] = [];
  const { ring, store } = await ringOver(stored);
  const under = Promise.withResolvers<void>();
  const look = store.look;
  store.look = async () => {
    const result = await look();
    await under.promise;
    return result;
  };
  const early = ring.refresh();
  await eventually(() => store.looks === 2, 1000);
  const one = newKey();
  stored.push(one); // after the look under way has read
  const late = [ring.refresh(), ring.refresh(), ring.refresh()];
  under.resolve();
  await early;
  expect(ring.authenticate(one.text)).toBeUndefined();
  await Promise.all(late);
  expect(ring.authenticate(one.text)).toEqual(one.key);
  expect(store.looks).toBe(3);
});

test("with the store away the ring goes on with what it knows, says so once, and is whole again when it is back", async () => {
  const [kept, gone, added] = [newKey(), newKey(), newKey()];
  const stored: StoredKey[] = [kept, gone];
  const news: unknown[] = [];
  const { ring, store } = await ringOver(stored, {
    lookEveryMs: 5,
    onAway: (error) => news.push(error),
    onBack: () => news.push("back"),
  });
  const look = store.look;
  const failure = new Error("connection refused");
  store.look = async () => {
    store.looks += 1;
    throw failure;
  };
  await eventually(() => store.looks > 10, 2000);
  expect(news).toEqual([failure]);
  expect(ring.authenticate(kept.text)).toEqual(kept.key);
  await ring.refresh(); // does not reject
  stored.splice(0, 2, kept, added); // a server restored from a copy: a key has vanished
  store.look = look;
  await eventually(() => news.length === 2, 2000);
  expect(news).toEqual([failure, "back"]);
  expect(ring.authenticate(added.text)).toEqual(added.key);
  expect(ring.authenticate(gone.text)).toBeUndefined();
});

test("an announcement brings a change at once; a closed ring looks no more", async () => {
  const stored: StoredKey[] = [];
  const announcements = memoryAnnouncements();
  const { ring, store } = await ringOver(stored, { announcements });
  const one = newKey();
  stored.push(one);
  await announcements.publish(KEYS_CHANGED, one.key.id);
  await eventually(() => ring.authenticate(one.text), 500);
  await ring.close();
  const before = store.looks;
  await announcements.publish(KEYS_CHANGED, one.key.id);
  expect(store.looks).toBe(before);
});

test("a store that cannot be read at start is an error", async () => {
  const store = { look: () => Promise.reject(new Error("no such table")) } as unknown as KeyStore;
  await expect(openKeyRing({ store, pepper: PEPPER })).rejects.toThrow("no such table");
});
