/** What a suite gets when it asks for a real server, and why it got none. */

export type Kind = "postgres" | "redis" | "redisQuery" | "prometheus";
export type Source = "environment" | "docker" | "packages";

export interface Service {
  readonly url: string;
  readonly source: Source;
  /** Absent when the server is not this suite's alone to break: another suite shares it, or somebody else runs it. */
  readonly faults?: Faults;
  /** Gives back what this suite took. A server of its own ends and its data goes; a shared one stays for the others. */
  stop(): Promise<void>;
}

export interface Faults {
  /** Ends the server at once, SIGKILL unless told otherwise; its address and its data folder stay. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same address and data after `kill`. Resolves when it answers. */
  restart(): Promise<void>;
}

/** This machine cannot bring the service; the message is the reason a person reads. Anything else thrown is a bug. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

const reasons = new Map<Kind, string>();

/** Why the last request for this kind of service came back `undefined`. */
export const whyMissing = (kind: Kind): string => reasons.get(kind) ?? "nobody asked for it";

/** Tries the ways in order. A way that is `Unavailable` makes room for the next; `undefined` when none is left. */
export async function firstOf<S extends Service>(
  kind: Kind,
  ways: readonly (() => Promise<S>)[],
): Promise<S | undefined> {
  const refusals: string[] = [];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      refusals.push(error.message);
    }
  }
  reasons.set(kind, refusals.join("; "));
  return undefined;
}
