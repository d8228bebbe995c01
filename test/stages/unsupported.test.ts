import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { completion, json, startUpstream, type Upstream } from "../support/upstream.ts";

let claude: Upstream;
let open: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  claude = await startUpstream();
  open = await startUpstream();
  const retry = "retry: { times: 3, baseDelayMs: 1, maxDelayMs: 2 }";
  const models = ["drop", "reject", "reroute"].map(
    (what) => `
  ${what}: { onUnsupported: ${what}, route: { fallback: [claude/claude-haiku-4-5, open/x], ${retry} } }
  ${what}-alone: { onUnsupported: ${what}, route: { balance: [{ target: claude/a }, { target: claude/b }], ${retry} } }`,
  );
  plane = await startTestPlane(`
providers:
  claude: { kind: anthropic, apiKey: k, baseUrl: "${claude.url}" }
  open: { kind: openai-compatible, baseUrl: "${open.url}/v1" }
models:
  unsaid: { route: claude/claude-haiku-4-5 }
  down-first: { onUnsupported: reroute, route: { fallback: [open/x, claude/claude-haiku-4-5] } }${models.join("")}
`);
});
afterAll(async () => {
  await plane.stop();
  await claude.close();
  await open.close();
});
beforeEach(() => {
  claude.received.length = 0;
  open.received.length = 0;
  claude.answer((_, response) =>
    json(response, {
      content: [{ type: "text", text: "from claude" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
  );
  open.answer((_, response) => json(response, completion("from open")));
});

const odd = { seed: 7, logit_bias: { "50256": -100 } };
const asked = () => [claude.received.length, open.received.length];

describe("a field that the target cannot honour", () => {
  it.each(["unsaid", "drop"])("with %s is left out and named", async (model) => {
    const response = await plane.chat({ model, ...odd });
    expect([response.status, response.headers.get("x-gatehouse-dropped")]).toEqual([200, "seed, logit_bias"]);
    expect(asked()).toEqual([1, 0]);
  });

  it.each(["reject", "reject-alone", "reroute-alone"])(
    "with %s refuses the call by its name, before anybody is asked",
    async (model) => {
      const response = await plane.chat({ model, ...odd });
      expect(response.status).toBe(400);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported", param: "seed" });
      expect(error.message).toMatch(/^claude\/\S+ cannot honour seed, logit_bias\.$/);
      // One try of each target: asking again would change nothing.
      expect(error.attempts).toHaveLength(model === "reroute-alone" ? 2 : 1);
      expect(asked()).toEqual([0, 0]);
    },
  );

  it("with reroute leads to a target that can", async () => {
    const response = await plane.chat({ model: "reroute", ...odd });
    expect([response.status, response.headers.get("x-gatehouse-target")]).toEqual([200, "open/x"]);
    expect(response.headers.get("x-gatehouse-dropped")).toBeNull();
    expect(response.headers.get("x-gatehouse-attempts")).toBe("2");
    expect(asked()).toEqual([0, 1]);
    expect(JSON.parse(open.received[0]!.body)).toMatchObject(odd);
  });

  it.each(["drop", "reject", "reroute"])("that is not there changes nothing with %s", async (model) => {
    const response = await plane.chat({ model, temperature: 0.5, n: 1, logprobs: false });
    expect([response.status, response.headers.get("x-gatehouse-dropped")]).toEqual([200, null]);
    expect(asked()).toEqual([1, 0]);
  });

  it("does not hide that the target that can is down", async () => {
    open.answer((_, response) => json(response, { error: { message: "down" } }, 503));
    const response = await plane.chat({ model: "down-first", ...odd });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: { code: "upstream_overloaded", attempts: [{ target: "open/x" }, { code: "unsupported" }] },
    });
  });

  it("does not open the breaker", async () => {
    for (let call = 0; call < 40; call++) await plane.chat({ model: "reroute-alone", ...odd });
    expect(await plane.metric("gatehouse_breaker_state")).toBe(0);
    expect((await plane.chat({ model: "reroute-alone" })).status).toBe(200);
  });
});

describe("a provider's headers", () => {
  it("about limits and its own id of the request reach the client in OpenAI's names", async () => {
    const headers = {
      "request-id": "req_9",
      "anthropic-ratelimit-tokens-remaining": "12",
      "anthropic-ratelimit-requests-limit": "XXX",
    };
    claude.answer((_, response) =>
      json(response, { content: [{ type: "text", text: "hi" }], stop_reason: "end_turn" }, 200, headers),
    );
    const response = await plane.chat({ model: "unsaid" });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-gatehouse-provider-request-id": "req_9",
      "x-ratelimit-remaining-tokens": "12",
      "x-ratelimit-limit-requests": "XXX",
    });
    expect(response.headers.get("x-request-id")).not.toBe("req_9");
    expect(response.headers.get("anthropic-ratelimit-tokens-remaining")).toBeNull();
  });

  it("come with a refusal, and only those of the target that gave it", async () => {
    claude.answer((_, response) => json(response, { error: { type: "rate_limit_error" } }, 429, { "request-id": "a" }));
    const limited = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s" };
    open.answer((_, response) =>
      json(response, { error: { message: "later" } }, 429, { ...limited, "retry-after": "9" }),
    );
    const response = await plane.chat({ model: "drop" });
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toMatchObject({ ...limited, "retry-after": "9" });
    expect(response.headers.get("x-gatehouse-provider-request-id")).toBeNull();
  });
});
