/** The gateway's one way out: undici pools whose connector refuses addresses a provider has no business with. */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { buildConnector, Pool } from "undici";
import { mayReach, type Network } from "./addresses.ts";

/** The address a name stood for is not one this provider may reach; the connection was never opened. */
export class RefusedAddressError extends Error {
  override readonly name = "RefusedAddressError";
}

export interface EgressOptions {
  readonly network: Network;
  readonly connectTimeoutMs?: number;
  /** Connections to one provider at most; further requests wait for a free one. */
  readonly maxConnections?: number;
  readonly lookup?: Lookup;
}

export type Lookup = (
  hostname: string,
  options: { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_CONNECTIONS = 4096;

/** A long-lived pool for one origin. Redirects are not followed and proxy variables are not read. */
export function openPool(origin: string, options: EgressOptions): Pool {
  return new Pool(origin, {
    connect: guardedConnector(options),
    connections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    // The call's own timers decide (first byte, idle, total): a reasoning model may think for minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });
}

function guardedConnector({
  network,
  connectTimeoutMs,
  lookup = systemLookup,
}: EgressOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    allowH2: false,
    lookup: guardedLookup(network, lookup),
  } as buildConnector.BuildOptions);
  return (options, callback) => {
    // A literal address never reaches the lookup, so it is judged here.
    const literal = options.hostname.replace(/^\[|\]$/g, "");
    if (isIP(literal) !== 0 && !mayReach(literal, network)) return callback(refusal(literal), null);
    return connect(options, callback);
  };
}

/** One bad address among the answers refuses them all: connecting only to checked ones pins against DNS rebinding. */
function guardedLookup(network: Network, lookup: Lookup) {
  return (
    hostname: string,
    options: { all?: boolean | undefined },
    callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const bad = addresses.find(({ address }) => !mayReach(address, network));
      if (bad) return callback(refusal(bad.address), []);
      const first = addresses[0];
      if (options.all || !first) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function refusal(address: string): RefusedAddressError {
  return new RefusedAddressError(`${address} is not an address this provider may reach.`);
}
