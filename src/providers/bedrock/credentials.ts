import type { CallSignal } from "../../core/signal.ts";
import { waited } from "./waited.ts";

/** A key of an AWS account. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since 1970; undefined for keys that do not expire by themselves. */
  readonly expiresAt?: number | undefined;
}

/** Where keys come from; rejects with a GatewayError. */
export type CredentialSource = () => Promise<Credentials>;

/** Keys kept at hand for every call. */
export interface KeptCredentials {
  /** Rejects with the signal's reason when the call ends first; the renewal goes on for the others. */
  get(signal: CallSignal): Promise<Credentials>;
  /** The provider says that they are no longer good. */
  forget(used: Credentials): void;
}

export interface KeepOptions {
  readonly now: () => number;
  /** For keys that name no end: how long until they are read again. */
  readonly rereadMs?: number;
}

/** Renewed this long before they expire, while the old ones still serve if the renewal fails. */
const EARLY_MS = 5 * 60_000;
/** The last moment: a request under way has to arrive before the keys expire. */
const LATE_MS = 30_000;
/** After a renewal that failed, while the old keys are good. */
const PAUSE_MS = 10_000;

/** One renewal at a time, whoever asks. Nobody waits for an early one. */
export function kept(
  source: CredentialSource,
  { now, rereadMs = Number.POSITIVE_INFINITY }: KeepOptions,
): KeptCredentials {
  let held: Credentials | undefined;
  let renewAt = 0;
  let renewal: Promise<Credentials> | undefined;
  const renew = () => {
    renewal ??= source()
      .then(
        (fresh) => {
          held = fresh;
          renewAt = fresh.expiresAt === undefined ? now() + rereadMs : fresh.expiresAt - EARLY_MS;
          return fresh;
        },
        (error) => {
          renewAt = now() + PAUSE_MS;
          throw error;
        },
      )
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  };
  return {
    get(signal) {
      const usable = held && now() < (held.expiresAt ?? Number.POSITIVE_INFINITY) - LATE_MS;
      if (!held || !usable) return waited(renew(), signal);
      if (now() >= renewAt) renew().catch(() => {}); // the next call tries again, and tells when the old keys are gone
      return Promise.resolve(held);
    },
    forget(used) {
      if (held === used) held = undefined;
    },
  };
}
