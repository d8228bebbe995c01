import type { Pool } from "undici";
import type { Transport } from "../core/provider.ts";
import type { Network } from "./addresses.ts";
import { networkOf } from "./addresses.ts";
import { type EgressOptions, openPool } from "./egress.ts";
import { exchange } from "./exchange.ts";

/** A base URL may have a query of its own, and a path as well. */
function withQuery(path: string, search: string): string {
  return path.includes("?") ? `${path}&${search.slice(1)}` : path + search;
}

/** Pools outlive a configuration: a reload that keeps a provider's address keeps its warm connections. */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #options: Omit<EgressOptions, "network">;

  constructor(options: Omit<EgressOptions, "network"> = {}) {
    this.#options = options;
  }

  /** What `transportTo` was asked for since `startUse`: what the newest configuration needs. */
  #used = new Set<string>();

  /** The transport for a base URL. A pool is shared only under the same network rule, so that a strict one never rides on a loose one. */
  transportTo(baseUrl: string, network: Network | undefined): Transport {
    const url = new URL(baseUrl);
    const rule = network ?? networkOf(url.hostname);
    const pool = this.#poolFor(url.origin, rule);
    const { search } = url;
    const prefix = url.pathname.replace(/\/+$/, "");
    return (outbound, options) => {
      const { method, headers, body } = outbound;
      const path = prefix + (search === "" ? outbound.path : withQuery(outbound.path, search));
      return exchange(pool, { path, method, headers, body }, options);
    };
  }

  #poolFor(origin: string, network: Network): Pool {
    const key = `${network} ${origin}`;
    this.#used.add(key);
    let pool = this.#pools.get(key);
    if (!pool) {
      pool = openPool(origin, { ...this.#options, network });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** A configuration is about to be built: forgets what the one before used. */
  startUse(): void {
    this.#used = new Set();
  }

  /** Lets go of the pools that nothing asked for since `startUse`; calls under way on them finish. */
  dropUnused(): void {
    for (const [key, pool] of this.#pools) {
      if (this.#used.has(key)) continue;
      this.#pools.delete(key);
      pool.close().catch(() => {}); // a pool that fails to close has nothing left to tell
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }
}
