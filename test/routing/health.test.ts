import { describe, expect, it } from "vitest";
import { DEFAULT_HEALTH, HealthBook, TargetHealth } from "../../src/routing/health.ts";

function target() {
  const clock = { now: 0 };
  return { clock, health: new TargetHealth(DEFAULT_HEALTH, () => clock.now) };
}

function fail(health: TargetHealth, times: number) {
  for (let call = 0; call < times; call++) health.failed();
}

describe("the circuit breaker", () => {
  it("stays closed below the minimum of calls", () => {
    const { health } = target();
    fail(health, DEFAULT_HEALTH.minimumCalls - 1);
    expect(health.allows()).toBe(true);
  });

  it("opens at the error rate, lets one probe through after a while, and closes when it succeeds", () => {
    const { health, clock } = target();
    fail(health, DEFAULT_HEALTH.minimumCalls);
    expect([health.allows(), health.state]).toEqual([false, 2]);
    clock.now += DEFAULT_HEALTH.openMs;
    expect([health.state, health.allows(), health.allows()]).toEqual([1, true, false]);
    health.succeeded();
    expect([health.state, health.allows(), health.allows()]).toEqual([0, true, true]);
  });

  it("opens again when the probe fails, and frees the probe when the client left it", () => {
    const { health, clock } = target();
    fail(health, DEFAULT_HEALTH.minimumCalls);
    clock.now += DEFAULT_HEALTH.openMs;
    expect(health.allows()).toBe(true);
    health.undecided();
    expect(health.allows()).toBe(true);
    health.failed();
    expect(health.allows()).toBe(false);
  });

  it("forgets failures of an older window", () => {
    const { health, clock } = target();
    fail(health, DEFAULT_HEALTH.minimumCalls - 1);
    clock.now += DEFAULT_HEALTH.windowMs + 1;
    fail(health, DEFAULT_HEALTH.minimumCalls - 1);
    expect(health.state).toBe(0);
  });
});

describe("the retry budget", () => {
  it("runs dry when everything fails and is earned back by answers", () => {
    const { health } = target();
    let retries = 0;
    while (health.mayRetry()) retries++;
    expect(retries).toBe(10);
    for (let call = 0; call < 11; call++) health.succeeded();
    expect(health.mayRetry()).toBe(true);
    expect(health.mayRetry()).toBe(false);
  });
});

describe("the book of targets", () => {
  it("is bounded, since callers can name targets under a wildcard", () => {
    const book = new HealthBook();
    for (let index = 0; index < 5000; index++) book.of(`provider/made-up-${index}`);
    expect(book.states().size).toBe(1000);
  });
});
