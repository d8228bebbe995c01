/** Routing policies: small generators that yield the attempts worth making, one after another, as they are asked. */
import type { GatewayError } from "../core/error.ts";
import type { Attempt, Policy, RetrySpec, Target } from "../core/policy.ts";

export function target(to: Target): Policy {
  const attempts: readonly Attempt[] = [{ target: to, delayMs: 0 }];
  return () => attempts;
}

/** Each in turn, until one answers. */
export function fallback(policies: readonly Policy[]): Policy {
  return function* fallback(failures) {
    for (const policy of policies) yield* policy(failures);
  };
}

export interface Weighted {
  readonly policy: Policy;
  /** Share of calls that try this one first. 0 means only when the others have failed. */
  readonly weight: number;
}

/** First one by weight; if it fails the others follow, by weight as well. */
export function balance(choices: readonly Weighted[], random: () => number = Math.random): Policy {
  return function* balance(failures) {
    const left = [...choices];
    while (left.length > 0) {
      const [chosen] = left.splice(pick(left, random), 1);
      yield* chosen!.policy(failures);
    }
  };
}

function pick(choices: readonly Weighted[], random: () => number): number {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  let at = random() * total;
  for (let index = 0; index < choices.length; index++) {
    at -= choices[index]!.weight;
    if (at < 0) return index;
  }
  return choices.length - 1;
}

/** Asks each target again while its failure is one that time may heal. */
export function retry(policy: Policy, options: RetrySpec, random: () => number = Math.random): Policy {
  return function* retry(failures) {
    for (const attempt of policy(failures)) {
      yield attempt;
      for (let tries = 0; tries < options.times; tries++) {
        const failure = failures.at(-1);
        if (!failure?.retryable) break;
        const delayMs = backoff(failure, tries, options, random);
        if (delayMs === undefined) break;
        yield { target: attempt.target, delayMs };
      }
    }
  };
}

/** Full jitter over a doubling ceiling; the provider's own wait wins. Undefined: not worth waiting for. */
function backoff(failure: GatewayError, tries: number, options: RetrySpec, random: () => number): number | undefined {
  const { retryAfterMs } = failure.details;
  if (retryAfterMs !== undefined) return retryAfterMs <= options.maxDelayMs ? retryAfterMs : undefined;
  return random() * Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** tries);
}
