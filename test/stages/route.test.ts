import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { completion, json, startUpstream, type Upstream } from "../support/upstream.ts";

let a: Upstream;
let b: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  a = await startUpstream();
  b = await startUpstream();
});
afterAll(async () => {
  await a.close();
  await b.close();
});
beforeEach(async () => {
  // A fresh road each time: what it learnt about its targets must not reach the next test.
  await plane?.stop();
  plane = await startTestPlane(`
providers:
  a: { kind: openai-compatible, baseUrl: "${a.url}/v1", apiKey: "sk-key-of-provider-a" }
  b: { kind: openai-compatible, baseUrl: "${b.url}/v1" }
models:
  one: { route: a/x }
  again: { route: { target: a/x, retry: { times: 2, baseDelayMs: 10, maxDelayMs: 1000 } } }
  both: { route: { fallback: [a/x, b/y], retry: { times: 1, baseDelayMs: 10, maxDelayMs: 1000 } } }
  short: { route: { target: a/x, retry: { times: 5, baseDelayMs: 400, maxDelayMs: 400 }, timeouts: { totalMs: 300 } } }
`);
  a.received.length = 0;
  b.received.length = 0;
  b.answer((_, response) => json(response, completion("from b")));
});
afterAll(() => plane.stop());

/** Answers each request with the next of these; the last one stays. */
function answers(upstream: Upstream, ...replies: (number | [number, Record<string, string>])[]): void {
  let at = 0;
  upstream.answer((_, response) => {
    const reply = replies[Math.min(at++, replies.length - 1)]!;
    const [status, headers] = typeof reply === "number" ? [reply, {}] : reply;
    if (status === 200) return json(response, completion("from a"));
    return json(response, { error: { message: `no: key sk-key-of-provider-a, at ${a.url}` } }, status, headers);
  });
}

describe("a target that fails for a while", () => {
  it("is asked again and answers", async () => {
    answers(a, 500, 503, 200);
    const response = await plane.chat({ model: "again" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-gatehouse-attempts")).toBe("3");
  });

  it("is asked again when the provider says, not earlier", async () => {
    answers(a, [429, { "retry-after-ms": "250" }], 200);
    const startedAt = performance.now();
    expect((await plane.chat({ model: "again" })).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(240);
  });

  it("is given up at once when it asks for more patience than the policy has", async () => {
    answers(a, [429, { "retry-after": "60" }]);
    const response = await plane.chat({ model: "both" });
    expect(response.headers.get("x-gatehouse-target")).toBe("b/y");
    expect(a.received).toHaveLength(1);
  });

  it("tells the client how long to wait when there is nobody else", async () => {
    answers(a, [429, { "retry-after": "60" }]);
    const response = await plane.chat({ model: "one" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await response.json()).toMatchObject({ error: { type: "rate_limit_error", code: "upstream_rate_limited" } });
  });
});

describe("errors", () => {
  it("of the caller's own making are passed on at once, with the provider's words and without its key", async () => {
    answers(a, 400);
    const response = await plane.chat({ model: "both" });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
    expect(JSON.parse(text).error.message).toContain("no: key");
    expect(text).not.toContain("sk-key-of-provider-a");
  });

  it("of our credentials are ours, not the caller's: 502, after trying elsewhere", async () => {
    answers(a, 401);
    expect((await plane.chat({ model: "both" })).headers.get("x-gatehouse-target")).toBe("b/y");
    const response = await plane.chat({ model: "one" });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { code: "upstream_auth", message: expect.not.stringContaining("sk-") },
    });
  });

  it("when all failed list every attempt with its cause, and no address or key", async () => {
    answers(a, 500);
    answers(b, 503);
    const response = await plane.chat({ model: "both" });
    const text = await response.text();
    const { error } = JSON.parse(text);
    expect(error.attempts.map((one: { target: string; status: number }) => [one.target, one.status])).toEqual([
      ["a/x", 500],
      ["a/x", 500],
      ["b/y", 503],
      ["b/y", 503],
    ]);
    expect(response.headers.get("x-gatehouse-attempts")).toBe("4");
    expect(text).not.toMatch(/sk-key|127\.0\.0\.1|stack/);
  });

  it("carry the call's id", async () => {
    answers(a, 500);
    expect((await plane.chat({ model: "one" })).headers.get("x-gatehouse-call-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect((await plane.chat({ model: "unknown" })).headers.get("x-gatehouse-call-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("the total timer", () => {
  it("ends a call that waits between attempts", async () => {
    answers(a, 500);
    const startedAt = performance.now();
    const response = await plane.chat({ model: "short" });
    expect(await response.json()).toMatchObject({
      error: { code: expect.stringMatching(/total_timeout|upstream_error/) },
    });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe("the breaker", () => {
  it("spares a failing target and sends calls elsewhere, without asking it", async () => {
    answers(a, 500);
    for (let call = 0; call < 25; call++) await plane.chat({ model: "both" });
    a.received.length = 0;
    const response = await plane.chat({ model: "both" });
    expect(response.status).toBe(200);
    expect(a.received).toHaveLength(0);
    expect(await plane.metric("gatehouse_breaker_state", { deployment: "a/x" })).toBe(2);
  });

  it("does not count a caller's bad requests", async () => {
    answers(a, 400);
    for (let call = 0; call < 30; call++) await plane.chat({ model: "one" });
    answers(a, 200);
    expect((await plane.chat({ model: "one" })).status).toBe(200);
  });
});

describe("a connection that the provider closed while it was idle", () => {
  it("costs the client nothing where the policy allows one more try", async () => {
    answers(a, 200);
    await plane.chat({ model: "again" });
    for (const socket of a.open) socket.destroy();
    expect((await plane.chat({ model: "again" })).status).toBe(200);
  });
});
