import { jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { CallSignal } from "../../src/core/signal.ts";
import { readAccount } from "../../src/providers/vertex/account.ts";
import { googleToken } from "../../src/providers/vertex/google-token.ts";
import { Pools } from "../../src/routing/transport.ts";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";
import { answerOf } from "./gemini-door.ts";
import { accountJson, accountKey } from "./vertex-door.ts";

let server: Upstream;
let lifetime = 3600;
let tokens = 0;
const pools = new Pools();
const signal = new CallSignal();

beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => {
  await pools.close();
  await server.close();
});
beforeEach(() => {
  server.received.length = 0;
  lifetime = 3600;
  tokens = 0;
  server.answer((_, response) => json(response, { access_token: `ya29.${++tokens}`, expires_in: lifetime }));
});

const sourceOf = (clock: () => number = Date.now, account = accountJson(`${server.url}/token`)) =>
  googleToken(readAccount(account), pools.transportTo(String(account.token_uri), "private"), clock);

describe("a token for a service account", () => {
  test("is asked for with a signed assertion", async () => {
    expect(await sourceOf().current(signal)).toBe("ya29.1");
    const { method, path, headers, body } = server.received[0]!;
    expect([method, path, headers["content-type"]]).toEqual(["POST", "/token", "application/x-www-form-urlencoded"]);
    const form = new URLSearchParams(body);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const { payload, protectedHeader } = await jwtVerify(form.get("assertion")!, accountKey, {
      issuer: "gate@acme-prod.example",
      audience: `${server.url}/token`,
    });
    expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: "key-7" });
    expect(payload).toMatchObject({ scope: "https://www.googleapis.com/auth/cloud-platform" });
    expect(payload.exp! - payload.iat!).toBe(3600);
  });

  test("is asked for once, however many wait", async () => {
    const source = sourceOf();
    const all = await Promise.all(Array.from({ length: 20 }, () => source.current(signal)));
    expect(new Set(all)).toEqual(new Set(["ya29.1"]));
    expect(server.received).toHaveLength(1);
  });

  test("is renewed beside the old one before it ends, and waited for after", async () => {
    let now = Date.now();
    const source = sourceOf(() => now);
    await source.current(signal);
    now += 3_400_000;
    expect(await source.current(signal)).toBe("ya29.1");
    await expect.poll(() => source.current(signal)).toBe("ya29.2");
    now += 3_600_000;
    expect(await source.current(signal)).toBe("ya29.3");
  });

  test("that serves still serves while the server is in trouble", async () => {
    let now = Date.now();
    const source = sourceOf(() => now);
    await source.current(signal);
    server.answer((_, response) => json(response, { error: "busy" }, 503));
    now += 3_500_000;
    expect(await source.current(signal)).toBe("ya29.1");
    now += 200_000;
    await expect(source.current(signal)).rejects.toMatchObject({ code: "upstream_error", retryable: true });
  });

  test("that is refused is told without anything secret", async () => {
    const told = { error: "invalid_grant", error_description: "Invalid JWT Signature." };
    server.answer((_, response) => json(response, told, 400));
    const error = await sourceOf()
      .current(signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "upstream_auth", details: { cause: "400 Invalid JWT Signature." } });
  });

  test("is no longer waited for by a call that is over, and still serves the others", async () => {
    const source = sourceOf();
    const left = new CallSignal();
    const waits = [source.current(left), source.current(signal)];
    left.abort(new GatewayError("client_left", "gone"));
    const [mine, others] = await Promise.allSettled(waits);
    expect(mine).toMatchObject({ status: "rejected", reason: { code: "client_left" } });
    expect(others).toMatchObject({ status: "fulfilled", value: "ya29.1" });
  });

  test("can be a person's, for a refresh token", async () => {
    const person = {
      type: "authorized_user",
      client_id: "c",
      client_secret: "s",
      refresh_token: "r",
      token_uri: `${server.url}/token`,
    };
    expect(await sourceOf(Date.now, person).current(signal)).toBe("ya29.1");
    expect(server.received[0]!.body).toBe("grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r");
  });
});

describe("the whole road", () => {
  let vertex: Upstream;
  let plane: TestPlane;

  beforeAll(async () => {
    vertex = await startUpstream();
    const providers = {
      v: {
        kind: "vertex",
        credentials: accountJson(`${server.url}/token`),
        location: "eu",
        baseUrl: `${vertex.url}/v1`,
      },
    };
    plane = await startTestPlane(
      JSON.stringify({
        providers,
        models: { gemini: { route: "v/gemini-2.5-flash" }, claude: { route: "v/claude-haiku-4-5" } },
      }),
    );
  });
  afterAll(async () => {
    await plane.stop();
    await vertex.close();
  });
  beforeEach(() => {
    vertex.received.length = 0;
    vertex.answer((_, response) => json(response, answerOf([{ text: "Hi" }])));
  });

  test("Gemini and Claude are reached with one token", async () => {
    expect((await plane.chat({ model: "gemini" })).status).toBe(200);
    vertex.answer((_, response) => json(response, { content: [{ type: "text", text: "Hi" }] }));
    expect((await plane.chat({ model: "claude" })).status).toBe(200);
    expect(vertex.received.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      [
        "/v1/projects/acme-prod/locations/eu/publishers/google/models/gemini-2.5-flash:generateContent",
        "Bearer ya29.1",
      ],
      ["/v1/projects/acme-prod/locations/eu/publishers/anthropic/models/claude-haiku-4-5:rawPredict", "Bearer ya29.1"],
    ]);
  });

  test("a token that the provider refuses is not used again", async () => {
    tokens = 5;
    const refusal = { error: { code: 401, status: "UNAUTHENTICATED", message: "Invalid token." } };
    vertex.answer((_, response) => json(response, refusal, 401));
    const refused = await plane.chat({ model: "gemini" });
    expect(refused.status).toBe(502);
    expect(await refused.text()).not.toContain("ya29");
    vertex.answer((_, response) => json(response, answerOf([{ text: "Hi" }])));
    expect((await plane.chat({ model: "gemini" })).status).toBe(200);
    expect(vertex.received.at(-1)!.headers.authorization).toBe("Bearer ya29.6");
  });
});
