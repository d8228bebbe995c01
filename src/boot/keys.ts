/** Opens the database and the announcements, and puts together what is kept there: the keys, and conversations. */
import type { Environment } from "../config/environment.ts";
import type { Conversations, KeptTurns } from "../core/conversations.ts";
import type { ApiKey } from "../core/keys.ts";
import type { ObjectStore } from "../core/objects.ts";
import type { AdminKeys, KeyView } from "../http/admin.ts";
import type { Authenticate, Authenticated } from "../http/authenticate.ts";
import type { Logger } from "../observe/logger.ts";
import { memoryAnnouncements } from "../stores/announcements/memory.ts";
import { openRedisAnnouncements } from "../stores/announcements/redis.ts";
import { forgetExpiredTurns } from "../stores/conversations/clean-up.ts";
import { databaseConversations } from "../stores/conversations/database.ts";
import { inTime } from "../stores/conversations/in-time.ts";
import { openDatabase } from "../stores/database/open.ts";
import { databaseSettings } from "../stores/database/settings.ts";
import { databaseKeys } from "../stores/keys/database.ts";
import { createKeyOffice, ensureFirstKey } from "../stores/keys/office.ts";
import { confirmPepper } from "../stores/keys/pepper.ts";
import { openKeyRing } from "../stores/keys/ring.ts";
import { databaseObjects } from "../stores/objects/database.ts";

export interface KeysOptions {
  readonly environment: Environment;
  readonly pepper: string;
  readonly log: Logger;
}

export interface Keys {
  readonly database: "embedded" | "postgres";
  readonly authenticate: Authenticate;
  readonly conversations: Conversations & KeptTurns;
  readonly objects: ObjectStore;
  /** Changes made before are known here afterwards. */
  refresh(): Promise<void>;
  /** Makes the installation's first key; undefined when it has keys. */
  firstKey(): Promise<string | undefined>;
  /** For the control plane; `spread` is awaited after each change, so that every process knows it. */
  admin(spread: () => Promise<void>): AdminKeys;
  close(): Promise<void>;
}

/** Throws with what to do when the database cannot be used or was made with another pepper. */
export async function openKeys({ environment, pepper, log }: KeysOptions): Promise<Keys> {
  const { DATABASE_URL, REDIS_URL, GATEHOUSE_DATA_DIR } = environment;
  const trouble = (what: string, error: unknown) => log.warn({ error: String(error) }, `${what}: trouble`);
  const database = await openDatabase({ url: DATABASE_URL, dataDir: GATEHOUSE_DATA_DIR, onTrouble: trouble });
  const announcements = REDIS_URL
    ? await openRedisAnnouncements(REDIS_URL, (error) => trouble("redis", error))
    : memoryAnnouncements((error) => trouble("announcements", error));
  const closeAll = async () => {
    await announcements.close();
    await database.close();
  };
  try {
    await confirmPepper(databaseSettings(database.db), pepper);
    const store = databaseKeys(database.db);
    const ring = await openKeyRing({
      store,
      pepper,
      announcements,
      // Nobody else can change keys in the embedded database, and looking at it twice a second keeps 3 % of a core busy.
      lookEveryMs: database.kind === "embedded" ? 60_000 : 500,
      onAway: (error) => log.warn({ error: String(error) }, "the database is away; keys are taken from memory"),
      onBack: () => log.info("the database is back"),
    });
    const office = createKeyOffice({ store, pepper, ring, announcements });
    const known = new WeakMap<ApiKey, Authenticated>();
    const stopForgetting = forgetExpiredTurns(database.db, (error) => trouble("forgetting conversations", error));
    return {
      database: database.kind,
      conversations: inTime(databaseConversations(database.db)),
      objects: databaseObjects(database.db),
      authenticate(token) {
        const key = ring.authenticate(token);
        return key && (known.get(key) ?? remember(known, key));
      },
      refresh: () => ring.refresh(),
      async firstKey() {
        const request = { tenant: "default", team: "default", name: "first key" };
        return (await ensureFirstKey({ store, pepper, ring }, request))?.token;
      },
      admin: (spread) => ({
        list: async () => (await office.list()).map(view),
        async create({ expiresAt, ...rest }) {
          const { key, token } = await office.create({ ...rest, expiresAt: expiresAt ? new Date(expiresAt) : null });
          await spread();
          return { ...view(key), key: token };
        },
        async revoke(id) {
          const revoked = await office.revoke(id);
          await spread();
          return revoked !== undefined;
        },
      }),
      async close() {
        stopForgetting();
        await ring.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function remember(known: WeakMap<ApiKey, Authenticated>, key: ApiKey): Authenticated {
  const { tenant, team, id: keyId, name: keyName, tags, models } = key;
  const authenticated = { caller: { tenant, team, keyId, keyName, tags }, models };
  known.set(key, authenticated);
  return authenticated;
}

function view({ id, name, tenant, team, tags, models, createdAt, expiresAt, revokedAt }: ApiKey): KeyView {
  return {
    id,
    name,
    tenant,
    team,
    tags,
    models,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
