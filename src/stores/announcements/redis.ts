/** Announcements over Redis pub/sub. While Redis is away they are lost, and said to be. */
import { Redis, type RedisOptions } from "ioredis";
import type { Announcements } from "../../core/announcements.ts";
import { Listeners } from "./listeners.ts";

/**
 * Resolves when Redis is there, or after a few seconds without it: it may still come. `onTrouble` hears once of every loss
 * of a connection, which comes back by itself, and of listeners that threw.
 */
export async function openRedisAnnouncements(url: string, onTrouble: (error: unknown) => void): Promise<Announcements> {
  const listeners = new Listeners(onTrouble);
  // A connection that listens can do nothing else.
  const speaking = connect(url, { enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS }, onTrouble);
  const listening = connect(url, {}, onTrouble);
  listening.on("pmessage", (_pattern: string, channel: string, payload: string) => {
    listeners.tell(channel.slice(PREFIX.length), payload);
  });
  // One pattern for every topic: nothing to keep in step with who listens. It waits for a connection, and is renewed with it.
  const subscribed = listening.psubscribe(`${PREFIX}*`).catch(onTrouble);
  await Promise.race([Promise.all([ready(speaking), subscribed]), timeout(CONNECT_TIMEOUT_MS)]);
  return {
    async publish(topic, payload) {
      await speaking.publish(PREFIX + topic, payload).catch(onTrouble);
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    async close() {
      listeners.clear();
      speaking.disconnect();
      listening.disconnect();
    },
  };
}

const PREFIX = "gatehouse:announcements:";
const COMMAND_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 3000;
const MAX_RETRY_MS = 1000;

type Behaviour = Pick<RedisOptions, "enableOfflineQueue" | "commandTimeout">;

function connect(url: string, behaviour: Behaviour, onTrouble: (error: unknown) => void): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => Math.min(MAX_RETRY_MS, tries * 50),
    ...behaviour,
  });
  let away = false;
  redis.on("ready", () => {
    away = false;
  });
  redis.on("error", (error) => {
    if (!away) onTrouble(error);
    away = true;
  });
  return redis;
}

async function ready(redis: Redis): Promise<void> {
  // Not `once` of node:events: it would reject at the first failed attempt to connect.
  if (redis.status !== "ready") await new Promise<void>((resolve) => redis.once("ready", () => resolve()));
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
