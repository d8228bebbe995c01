import type { Conversations, KeptTurns } from "../../core/conversations.ts";
import { GatewayError } from "../../core/error.ts";

/** How long a call waits for its conversation. A database that answers takes a millisecond. */
const WAIT_MS = 2000;
/** After the database was away calls do not wait for it again at once: a provider's answer need not wait for them all. */
const REST_MS = 1000;

/** The same store, with `storage_unavailable` in place of whatever is wrong with it, and never later than `waitMs`. */
export function inTime<Store extends Conversations & KeptTurns>(
  store: Store,
  waitMs = WAIT_MS,
): Conversations & KeptTurns {
  let awayUntil = 0;
  async function within<T>(work: () => Promise<T>): Promise<T> {
    if (performance.now() < awayUntil) throw unavailable(undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer within ${waitMs} ms.`)), waitMs);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown;
      if (!hasAnswered(thrown)) awayUntil = performance.now() + REST_MS;
      throw unavailable(thrown);
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    put: (turn) => within(() => store.put(turn)),
    get: (tenant, id) => within(() => store.get(tenant, id)),
    remove: (tenant, id) => within(() => store.remove(tenant, id)),
    turn: (tenant, id) => within(() => store.turn(tenant, id)),
    holding: (tenant, items) => within(() => store.holding(tenant, items)),
  };
}

/** A statement that Postgres refused says nothing about the next one; its errors carry an SQLSTATE. */
function hasAnswered(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError("storage_unavailable", "The gateway's database, where conversations are kept, is away.", {
    ...(cause === undefined ? {} : { cause }),
    retryAfterMs: REST_MS,
  });
}
