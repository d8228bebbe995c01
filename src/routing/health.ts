/** What we know about each target: a circuit breaker on its error rate, and a budget that keeps retries from becoming a storm. */

export interface HealthOptions {
  /** The breaker opens when this share of the calls in the window failed. */
  readonly errorRate: number;
  /** Fewer calls than this in the window decide nothing. */
  readonly minimumCalls: number;
  readonly windowMs: number;
  /** Time an open breaker waits before it lets one call probe. */
  readonly openMs: number;
  /** Share of traffic that may be retries. */
  readonly retryShare: number;
}

export const DEFAULT_HEALTH: HealthOptions = {
  errorRate: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  openMs: 5_000,
  retryShare: 0.1,
};

/** 0 closed, 1 half-open (one probe under way or due), 2 open: as the metric `gatehouse_breaker_state` shows it. */
export type BreakerState = 0 | 1 | 2;

/** Retries a quiet target may make before any share of traffic has been earned. */
const RETRY_RESERVE = 10;

export class TargetHealth {
  readonly #options: HealthOptions;
  readonly #now: () => number;
  #windowStart = 0;
  #calls = 0;
  #failures = 0;
  #openUntil = 0;
  #open = false;
  #probing = false;
  #retryTokens = RETRY_RESERVE;

  constructor(options: HealthOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  get state(): BreakerState {
    if (!this.#open) return 0;
    return this.#now() < this.#openUntil ? 2 : 1;
  }

  /** Whether a call may go to this target now. In the half-open state only one at a time may; it must report back. */
  allows(): boolean {
    if (!this.#open) return true;
    if (this.#probing || this.#now() < this.#openUntil) return false;
    this.#probing = true;
    return true;
  }

  mayRetry(): boolean {
    if (this.#retryTokens < 1) return false;
    this.#retryTokens -= 1;
    return true;
  }

  succeeded(): void {
    this.#retryTokens = Math.min(RETRY_RESERVE, this.#retryTokens + this.#options.retryShare);
    this.#open = false;
    this.#probing = false;
    this.#count(false);
  }

  /** Only for failures that are the target's own: never a client leaving, never a caller's bad request. */
  failed(): void {
    if (this.#probing) return this.#openAgain();
    this.#count(true);
    const { minimumCalls, errorRate } = this.#options;
    if (this.#calls >= minimumCalls && this.#failures / this.#calls >= errorRate) this.#openAgain();
  }

  /** The call ended in a way that says nothing about the target. */
  undecided(): void {
    this.#probing = false;
  }

  #openAgain(): void {
    this.#open = true;
    this.#probing = false;
    this.#openUntil = this.#now() + this.#options.openMs;
    this.#calls = 0;
    this.#failures = 0;
  }

  #count(failed: boolean): void {
    const now = this.#now();
    if (now - this.#windowStart > this.#options.windowMs) {
      this.#windowStart = now;
      this.#calls = 0;
      this.#failures = 0;
    }
    this.#calls++;
    if (failed) this.#failures++;
  }
}

/** Health by target name. Bounded: a wildcard lets callers name targets at will, so the least used are forgotten. */
export class HealthBook {
  readonly #targets = new Map<string, TargetHealth>();
  readonly #options: HealthOptions;
  readonly #now: () => number;

  constructor(options: HealthOptions = DEFAULT_HEALTH, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  of(target: string): TargetHealth {
    let health = this.#targets.get(target);
    if (!health) {
      if (this.#targets.size >= MAX_TARGETS) this.#targets.delete(this.#targets.keys().next().value!);
      health = new TargetHealth(this.#options, this.#now);
      this.#targets.set(target, health);
    }
    return health;
  }

  states(): ReadonlyMap<string, BreakerState> {
    return new Map([...this.#targets].map(([name, health]) => [name, health.state]));
  }
}

const MAX_TARGETS = 1000;
