import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, GatewayError } from "../../src/core/error.ts";
import type { Policy } from "../../src/core/policy.ts";
import { compileModels, parseTarget } from "../../src/routing/compile.ts";
import { balance, fallback, retry, target } from "../../src/routing/policies.ts";

const to = (name: string) => target(parseTarget(name));
const error = (code: ErrorCode, retryAfterMs?: number) =>
  new GatewayError(code, code, retryAfterMs === undefined ? {} : { retryAfterMs });

/** Walks a policy as the road does: each attempt fails with the next of `failures`, and the walk stops when they run out. */
function walk(policy: Policy, failures: readonly GatewayError[]): { target: string; delayMs: number }[] {
  const seen: GatewayError[] = [];
  const tried: { target: string; delayMs: number }[] = [];
  for (const attempt of policy(seen)) {
    tried.push({ target: attempt.target.name, delayMs: attempt.delayMs });
    const next = failures[seen.length];
    if (!next) break;
    seen.push(next);
  }
  return tried;
}

const names = (policy: Policy, failures: readonly GatewayError[]) => walk(policy, failures).map((one) => one.target);
const down = error("upstream_error");
const options = { times: 2, baseDelayMs: 100, maxDelayMs: 1000 };

describe("fallback", () => {
  it("asks each in turn until one answers", () => {
    const policy = fallback([to("a/1"), to("b/2"), to("c/3")]);
    expect(names(policy, [])).toEqual(["a/1"]);
    expect(names(policy, [down, down])).toEqual(["a/1", "b/2", "c/3"]);
    expect(names(policy, [down, down, down, down])).toEqual(["a/1", "b/2", "c/3"]);
  });
});

describe("balance", () => {
  it("spreads first attempts by weight", () => {
    const policy = balance([
      { policy: to("a/1"), weight: 9 },
      { policy: to("b/2"), weight: 1 },
    ]);
    let first = 0;
    for (let calls = 0; calls < 10_000; calls++) if (names(policy, [])[0] === "a/1") first++;
    expect(first / 10_000).toBeGreaterThan(0.87);
    expect(first / 10_000).toBeLessThan(0.93);
  });

  it("tries every choice once when they fail, whatever the weights and the luck", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        weights,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (all, luck) => {
          const random = () => luck.next().value as number;
          const policy = balance(
            all.map((weight, index) => ({ policy: to(`p/${index}`), weight })),
            random,
          );
          const tried = names(policy, new Array(20).fill(down));
          expect(tried.toSorted()).toEqual(all.map((_, index) => `p/${index}`).toSorted());
        },
      ),
    );
  });

  it("does not begin with a choice of weight 0 while another has any", () => {
    const policy = balance([
      { policy: to("spare/1"), weight: 0 },
      { policy: to("main/1"), weight: 1 },
    ]);
    for (let calls = 0; calls < 200; calls++) expect(names(policy, [])).toEqual(["main/1"]);
  });
});

describe("retry", () => {
  it("asks the same target again with waits under a doubling ceiling", () => {
    const tried = walk(
      retry(to("a/1"), options, () => 0.999),
      [down, down, down],
    );
    expect(tried.map((one) => one.target)).toEqual(["a/1", "a/1", "a/1"]);
    expect(tried.map((one) => Math.round(one.delayMs))).toEqual([0, 100, 200]);
  });

  it("waits as long as the provider asks, and gives the target up when that is too long", () => {
    const policy = retry(fallback([to("a/1"), to("b/2")]), options);
    expect(walk(policy, [error("upstream_rate_limited", 700)])[1]).toEqual({ target: "a/1", delayMs: 700 });
    expect(walk(policy, [error("upstream_rate_limited", 5000)])[1]).toEqual({ target: "b/2", delayMs: 0 });
  });

  it("goes on to the next target at once when waiting heals nothing", () => {
    const policy = retry(fallback([to("a/1"), to("b/2")]), options);
    expect(names(policy, [error("upstream_auth")])).toEqual(["a/1", "b/2"]);
  });
});

describe("model names", () => {
  const timeouts = { firstByteMs: 1, idleMs: 1, totalMs: 1 };
  const resolve = compileModels({
    "gpt-5": { route: "openai/gpt-5-2026", timeouts },
    "gpt-*": { route: "openai/gpt-*", timeouts },
    "*": { route: { fallback: ["local/*", { balance: [{ target: "spare/x", weight: 1 }] }] }, timeouts },
  });
  const first = (name: string) => names(resolve(name)!.policy, [])[0];

  it("prefers the exact name, then the longest pattern", () => {
    expect(first("gpt-5")).toBe("openai/gpt-5-2026");
    expect(first("gpt-4o")).toBe("openai/gpt-4o");
    expect(first("llama:8b")).toBe("local/llama:8b");
  });

  it("keeps the entry apart from the name, which callers choose", () => {
    expect(resolve("gpt-4o")).toMatchObject({ name: "gpt-4o", entry: "gpt-*" });
  });

  it("does not read a replacement pattern in a caller's model name", () => {
    expect(first("$&$1$`")).toBe("local/$&$1$`");
  });

  it("remembers wildcard names within a bound", () => {
    for (let index = 0; index < 5000; index++) resolve(`made-up-${index}`);
    expect(resolve("made-up-1")).toMatchObject({ entry: "*" });
  });
});
