import type { GatewayError } from "../../core/error.ts";
import type { CallSignal } from "../../core/signal.ts";

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenSource {
  /** A token that is good now. Rejects with a GatewayError, the signal's own when the call that waits is over. */
  current(signal: CallSignal): Promise<string>;
  /** The provider does not take this token any more. */
  forget(token: string): void;
}

/** Tokens are asked for anew this long before they end, while the old one still serves. */
const RENEW_AHEAD_MS = 5 * 60_000;
/** After a renewal failed beside a token that is still good. */
const RENEW_AGAIN_MS = 10_000;

/**
 * Keeps what `fetchToken` brings for as long as it is good. One request at a time, whoever waits; it belongs to nobody's
 * call, so that a client that leaves does not take the others' token with it.
 */
export function cachedToken(fetchToken: () => Promise<AccessToken>, now: () => number = Date.now): TokenSource {
  let held: AccessToken | undefined;
  let renewal: Promise<string> | undefined;
  let notBefore = 0;

  const renew = (): Promise<string> => {
    renewal ??= fetchToken()
      .then((fresh) => {
        held = fresh;
        return fresh.token;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  };
  const renewAside = () => {
    notBefore = now() + RENEW_AGAIN_MS;
    renew().catch(() => {}); // the next call that has no good token is told
  };

  return {
    current(signal) {
      if (!held || held.expiresAt <= now()) return orAborted(renew(), signal);
      if (held.expiresAt - now() < RENEW_AHEAD_MS && now() >= notBefore) renewAside();
      return Promise.resolve(held.token);
    },
    forget(token) {
      if (held?.token === token) held = undefined;
    },
  };
}

function orAborted(token: Promise<string>, signal: CallSignal): Promise<string> {
  if (signal.reason) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const stop = (reason: GatewayError) => reject(reason);
    signal.onAbort(stop);
    token.then(resolve, reject).finally(() => signal.offAbort(stop));
  });
}
