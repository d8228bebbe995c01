/** Every good key, in memory; kept up to date by looking at the store, twice a second and when told. */
import { timingSafeEqual } from "node:crypto";
import type { Announcements } from "../../core/announcements.ts";
import type { ApiKey, KeyRing, KeyStore } from "../../core/keys.ts";
import { KEYS_CHANGED } from "./office.ts";
import { hashSecret } from "./secret-hash.ts";
import { parseToken } from "./token.ts";

export interface KeyRingOptions {
  readonly store: KeyStore;
  readonly pepper: string;
  /** Without them a change is seen at the next look. */
  readonly announcements?: Announcements;
  readonly now?: () => number;
  /** A revoked key is refused everywhere after this long at most, plus one query. */
  readonly lookEveryMs?: number;
  /** The store cannot be reached: the ring goes on with what it knows. Told once, with the reason. */
  readonly onAway?: (error: unknown) => void;
  /** It can be reached again, and the ring is up to date. */
  readonly onBack?: () => void;
}

/** Resolves with every key of the store; throws when it cannot be read. */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { store, pepper, announcements, now = Date.now, lookEveryMs = 500 } = options;
  const held = new Map<string, Held>();
  const accepted = new Map<string, Held>();
  let since: Date | undefined;
  let wholeLookDueAt = 0;

  const look = async () => {
    const whole = since === undefined || performance.now() >= wholeLookDueAt;
    const { keys, asOf } = await store.look(whole ? undefined : since);
    if (whole) {
      held.clear();
      wholeLookDueAt = performance.now() + WHOLE_LOOK_EVERY_MS;
    }
    for (const { key, secretHash } of keys) {
      if (isOver(key, now())) held.delete(key.id);
      else held.set(key.id, { key, secretHash: Buffer.from(secretHash, "base64url") });
    }
    since = new Date(asOf.getTime() - OVERLAP_MS);
  };

  let away = false;
  const carefully = async () => {
    try {
      await look();
      if (away) options.onBack?.();
      away = false;
    } catch (error) {
      wholeLookDueAt = 0; // what comes back may be another server, behind the one we knew
      if (!away) options.onAway?.(error);
      away = true;
    }
  };
  const refresh = oneAtATime(carefully);

  await look();
  const stopListening = announcements?.subscribe(KEYS_CHANGED, () => void refresh());
  const stopLooking = repeat(refresh, lookEveryMs);
  return {
    authenticate(text) {
      const known = accepted.get(text);
      // What has changed since is another object in `held`, and what was revoked is none.
      if (known && held.get(known.key.id) === known) return isGood(known.key, now()) ? known.key : undefined;
      const token = parseToken(text);
      const found = token && held.get(token.id);
      if (!found || !isSecretOf(found, pepper, token.secret)) return undefined;
      if (accepted.size >= MAX_ACCEPTED) accepted.clear();
      accepted.set(text, found);
      return isGood(found.key, now()) ? found.key : undefined;
    },
    refresh,
    async close() {
      stopListening?.();
      await stopLooking();
    },
  };
}

/** Transactions commit out of order: a change can become visible this long after its time, which is when it began. */
const OVERLAP_MS = 15_000;
/** Finds what was changed without telling, for example by hand, and forgets what has expired. */
const WHOLE_LOOK_EVERY_MS = 300_000;

/** Whole keys that were accepted, so that the HMAC (3 µs) is paid once and not for every call. Never longer than the keys there are. */
const MAX_ACCEPTED = 10_000;

interface Held {
  readonly key: ApiKey;
  readonly secretHash: Buffer;
}

function isSecretOf(held: Held, pepper: string, secret: string): boolean {
  return timingSafeEqual(held.secretHash, hashSecret(pepper, secret));
}

function isOver({ revokedAt, expiresAt }: ApiKey, nowMs: number): boolean {
  return revokedAt !== null || (expiresAt !== null && expiresAt.getTime() <= nowMs);
}

function isGood(key: ApiKey, nowMs: number): boolean {
  return !isOver(key, nowMs) && (key.validFrom === null || key.validFrom.getTime() <= nowMs);
}

/** Whoever asks while the work is under way waits for another round of it: the first may have begun too early for him. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let notBegun: Promise<void> | undefined;
  return () => {
    if (notBegun) return notBegun;
    last = notBegun = last.then(() => {
      notBegun = undefined;
      return work();
    });
    return last;
  };
}

/** The function it returns ends it, and waits for the round under way. */
function repeat(work: () => Promise<void>, everyMs: number): () => Promise<void> {
  let stopped = false;
  let round: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = () => {
    timer = setTimeout(() => {
      round = work().then(() => {
        if (!stopped) schedule();
      });
    }, everyMs).unref();
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
    return round;
  };
}
