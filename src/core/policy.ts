import type { GatewayError } from "./error.ts";

/** A model at a provider, `provider/model` in the configuration. */
export interface Target {
  /** As it is written in records, headers and metrics. */
  readonly name: string;
  /** The provider's name in the configuration. */
  readonly provider: string;
  /** The model as the provider knows it. */
  readonly model: string;
}

/** One try: whom to ask, and how long to wait first. */
export interface Attempt {
  readonly target: Target;
  readonly delayMs: number;
}

/** The lazy list of attempts worth making; `failures` grows while it is read. */
export type Policy = (failures: readonly GatewayError[]) => Iterable<Attempt>;

export interface Timeouts {
  /** From sending a request to the first good frame (or the whole answer's headers). */
  readonly firstByteMs: number;
  /** Between two reads from the provider. Keep-alive comments count as life. */
  readonly idleMs: number;
  /** For the whole call, every attempt and wait included. */
  readonly totalMs: number;
}

/** A model that applications may ask for. */
export interface ModelPolicy {
  /** As the application asked for it. */
  readonly name: string;
  /** The configuration's entry it matched: a label with few values, unlike `name` under a wildcard. */
  readonly entry: string;
  readonly policy: Policy;
  readonly timeouts: Timeouts;
  readonly onUnsupported: OnUnsupported;
}

/**
 * What becomes of request fields that a target cannot honour: they are left out and named to the client, the call is
 * refused, or the next target is asked.
 */
export type OnUnsupported = "drop" | "reject" | "reroute";

/** A route as it is declared: a target `provider/model`, or exactly one of `target`, `balance` and `fallback`. */
export type RouteSpec =
  | string
  | {
      readonly target?: string | undefined;
      readonly balance?: readonly WeightedRouteSpec[] | undefined;
      readonly fallback?: readonly RouteSpec[] | undefined;
      readonly retry?: RetrySpec | undefined;
    };

export type WeightedRouteSpec = Exclude<RouteSpec, string> & { readonly weight: number };

export interface RetrySpec {
  /** Further tries of one target after the first. */
  readonly times: number;
  readonly baseDelayMs: number;
  /** Neither our backoff nor a provider's wish makes a call wait longer: beyond it the target is given up. */
  readonly maxDelayMs: number;
}
