import type { Pool } from "undici";
import type { Transport } from "../core/provider.ts";
import type { Network } from "./addresses.ts";
import { networkOf } from "./addresses.ts";
import { type EgressOptions, openPool } from "./egress.ts";
import { exchange } from "./exchange.ts";

/** Pools outlive a configuration: a reload that keeps a provider's address keeps its warm connections. */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #options: Omit<EgressOptions, "network">;

  constructor(options: Omit<EgressOptions, "network"> = {}) {
    this.#options = options;
  }

  /** The transport for a base URL. A pool is shared only under the same network rule, so that a strict one never rides on a loose one. */
  transportTo(baseUrl: string, network: Network | undefined): Transport {
    const url = new URL(baseUrl);
    const rule = network ?? networkOf(url.hostname);
    const pool = this.#poolFor(url.origin, rule);
    const prefix = url.pathname.replace(/\/+$/, "");
    return (outbound, { signal, timeouts, stream }) =>
      exchange(pool, {
        path: prefix + outbound.path + url.search,
        method: outbound.method,
        headers: outbound.headers,
        body: outbound.body,
        signal,
        timeouts,
        stream,
      });
  }

  #poolFor(origin: string, network: Network): Pool {
    const key = `${network} ${origin}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      pool = openPool(origin, { ...this.#options, network });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Lets go of the pools no longer named in `baseUrls`; calls under way on them finish. */
  keepOnly(baseUrls: readonly string[]): void {
    const origins = new Set(baseUrls.map((url) => new URL(url).origin));
    for (const [key, pool] of this.#pools) {
      if (origins.has(key.slice(key.indexOf(" ") + 1))) continue;
      this.#pools.delete(key);
      pool.close().catch(() => {}); // a pool that fails to close has nothing left to tell
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }
}
