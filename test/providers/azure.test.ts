import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import {
  chunk,
  completion,
  DONE,
  event,
  eventStream,
  json,
  startUpstream,
  type Upstream,
} from "../support/upstream.ts";

let azure: Upstream;
let login: Upstream;
let plane: TestPlane;
/** Seconds the next tokens are good for. */
let lifetime = 3600;
let tokens = 0;

beforeAll(async () => {
  azure = await startUpstream();
  login = await startUpstream();
  login.answer((_, response) => json(response, { access_token: `entra-${++tokens}`, expires_in: lifetime }));
  plane = await startTestPlane(config(azure.url, login.url));
});
afterAll(async () => {
  await plane.stop();
  await azure.close();
  await login.close();
});
beforeEach(() => {
  azure.received.length = 0;
  azure.answer((_, response) => json(response, completion("from azure")));
});

function config(resource: string, authority: string): string {
  const entra = (name: string) => `
  ${name}: { kind: azure, baseUrl: "${resource}", authority: "${authority}", tenantId: t/1, clientId: c, clientSecret: "s&cret" }`;
  return `
providers:
  dated: { kind: azure, baseUrl: "${resource}", apiKey: key-1, apiVersion: 2024-12-01-preview, deployments: { gpt-5: our gpt } }
  plain: { kind: azure, baseUrl: "${resource}/", apiKey: key-1 }
  v1: { kind: azure, baseUrl: "${resource}", apiKey: key-1, apiVersion: v1, deployments: { gpt-5: our-gpt } }
  whole: { kind: azure, baseUrl: "${resource}/openai/v1", token: static-token }
  foundry: { kind: azure, baseUrl: "${resource}/models", apiKey: key-1, apiVersion: 2024-05-01-preview }${entra("entra")}${entra("refused")}${entra("left")}${entra("short")}
  other: { kind: openai-compatible, baseUrl: "${resource}/other/v1" }
models:
  dated: { route: dated/gpt-5 }
  unlisted: { route: dated/o4-mini }
  plain: { route: plain/gpt-5 }
  v1: { route: v1/gpt-5 }
  whole: { route: whole/gpt-5 }
  foundry: { route: foundry/grok-4 }
  entra: { route: entra/gpt-5 }
  refused: { route: refused/gpt-5 }
  left: { route: left/gpt-5 }
  short: { route: short/gpt-5 }
  both: { route: { fallback: [plain/gpt-5, other/x] } }
`;
}

const arrived = () => {
  const { path, headers, body } = azure.received.at(-1)!;
  return { path, key: headers["api-key"], bearer: headers.authorization, model: JSON.parse(body).model };
};

describe("where a request goes", () => {
  it.each([
    ["dated", "/openai/deployments/our%20gpt/chat/completions?api-version=2024-12-01-preview", "our gpt"],
    ["unlisted", "/openai/deployments/o4-mini/chat/completions?api-version=2024-12-01-preview", "o4-mini"],
    ["plain", "/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21", "gpt-5"],
    ["v1", "/openai/v1/chat/completions", "our-gpt"],
    ["foundry", "/models/chat/completions?api-version=2024-05-01-preview", "grok-4"],
  ])("%s: %s", async (model, path, deployment) => {
    expect((await plane.chat({ model })).status).toBe(200);
    expect(arrived()).toEqual({ path, key: "key-1", bearer: undefined, model: deployment });
  });

  it("the other endpoints have the same place", async () => {
    await plane.chat({ model: "dated", input: "x", messages: undefined }, { path: "/v1/embeddings" });
    expect(arrived().path).toBe("/openai/deployments/our%20gpt/embeddings?api-version=2024-12-01-preview");
    await plane.chat({ model: "v1", prompt: "x", messages: undefined }, { path: "/v1/completions" });
    expect(arrived().path).toBe("/openai/v1/completions");
  });

  it("responses are asked at v1 whatever the version, with the deployment in the body", async () => {
    azure.answer((_, response) =>
      json(response, { id: "resp_1", object: "response", status: "completed", output: [] }),
    );
    for (const model of ["dated", "v1", "whole"]) {
      expect((await plane.chat({ model, input: "x", messages: undefined }, { path: "/v1/responses" })).status).toBe(
        200,
      );
      expect(arrived().path).toBe("/openai/v1/responses");
    }
    await plane.chat({ model: "dated", input: "x", messages: undefined }, { path: "/v1/responses" });
    expect(arrived().model).toBe("our gpt");
  });

  it("everything else of the request is as the client wrote it", async () => {
    await plane.chat({ model: "plain", data_sources: [{ type: "azure_search" }], logit_bias: { "1": 2 } });
    expect(JSON.parse(azure.received[0]!.body)).toEqual({
      model: "gpt-5",
      messages: [{ role: "user", content: "hi" }],
      data_sources: [{ type: "azure_search" }],
      logit_bias: { "1": 2 },
    });
  });
});

describe("who asks", () => {
  it("is a bearer token from the configuration", async () => {
    await plane.chat({ model: "whole" });
    expect(arrived()).toEqual({
      path: "/openai/v1/chat/completions",
      key: undefined,
      bearer: "Bearer static-token",
      model: "gpt-5",
    });
  });

  it("is a token of Entra ID, fetched once for calls that come together and kept for those after", async () => {
    login.received.length = 0;
    lifetime = 3600;
    await Promise.all(Array.from({ length: 5 }, () => plane.chat({ model: "entra" })));
    await plane.chat({ model: "entra" });
    expect(login.received).toHaveLength(1);
    const { path, headers, body } = login.received[0]!;
    expect(path).toBe("/t%2F1/oauth2/v2.0/token");
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: "client_credentials",
      client_id: "c",
      client_secret: "s&cret",
      scope: "https://cognitiveservices.azure.com/.default",
    });
    expect(new Set(azure.received.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer entra-${tokens}`]),
    );
  });

  it("is renewed while the old token still serves, and asked for anew when Azure refuses it", async () => {
    lifetime = 60;
    await plane.chat({ model: "short" });
    const first = arrived().bearer;
    await plane.chat({ model: "short" });
    expect(arrived().bearer).toBe(first);
    lifetime = 3600;
    await expect.poll(() => plane.chat({ model: "short" }).then(() => arrived().bearer)).not.toBe(first);
    const second = arrived().bearer;
    azure.answer((_, response) => json(response, { error: { code: "401", message: "expired" } }, 401));
    expect((await plane.chat({ model: "short" })).status).toBe(502);
    azure.answer((_, response) => json(response, completion("back")));
    expect((await plane.chat({ model: "short" })).status).toBe(200);
    expect(arrived().bearer).not.toBe(second);
  });

  it("is nobody when the token server refuses: the client reads that, without the secret", async () => {
    const words = { error: "invalid_client", error_description: "AADSTS7000215: secret s&cret is wrong" };
    login.answer((_, response) => json(response, words, 401));
    const response = await plane.chat({ model: "refused" });
    const text = await response.text();
    expect([response.status, JSON.parse(text).error.code]).toEqual([502, "upstream_auth"]);
    expect(text).not.toMatch(/s&cret|AADSTS/);
    expect(azure.received).toHaveLength(0);
    login.answer((_, response) => json(response, { access_token: `entra-${++tokens}`, expires_in: lifetime }));
    expect((await plane.chat({ model: "refused" })).status).toBe(200);
  });

  it("outlives the client that asked first", async () => {
    const gate = Promise.withResolvers<void>();
    login.answer(async (_, response) => {
      await gate.promise;
      json(response, { access_token: "entra-late", expires_in: 3600 });
    });
    login.received.length = 0;
    const leaving = new AbortController();
    const first = plane.chat({ model: "left" }, { signal: leaving.signal }).catch(() => "left");
    await expect.poll(() => login.received.length).toBe(1);
    const second = plane.chat({ model: "left" });
    leaving.abort();
    expect(await first).toBe("left");
    await expect.poll(() => plane.metric("gatehouse_requests_total", { model: "left", status: "499" })).toBe(1);
    gate.resolve();
    expect((await second).status).toBe(200);
    expect([login.received.length, azure.received.length, arrived().bearer]).toEqual([1, 1, "Bearer entra-late"]);
  });
});

describe("what Azure says besides answers", () => {
  const filtered = {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    param: "prompt",
    status: 400,
    innererror: {
      code: "ResponsibleAIPolicyViolation",
      content_filter_result: { hate: { filtered: true, severity: "high" } },
    },
  };

  it.each([
    ["with its code", { ...filtered, code: "content_filter" }],
    ["with the inner code alone", { ...filtered, code: null }],
  ])("a filtered prompt %s is a content filter, and nobody else is asked", async (_, error) => {
    azure.answer((_, response) => json(response, { error }, 400));
    const response = await plane.chat({ model: "both" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "content_filter", param: "prompt", message: filtered.message, type: "invalid_request_error" },
    });
    expect(azure.received).toHaveLength(1);
  });

  it("of two waits the longer one is the true one", async () => {
    const error = { code: "RateLimitReached", message: "slow down" };
    azure.answer((_, response) => json(response, { error }, 429, { "retry-after": "1", "retry-after-ms": "0" }));
    const response = await plane.chat({ model: "plain" });
    expect([response.status, response.headers.get("retry-after-ms")]).toEqual([429, "1000"]);
  });

  it("a deployment that does not exist may exist elsewhere", async () => {
    const error = { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." };
    azure.answer(({ path }, response) => {
      if (path.startsWith("/other/")) return json(response, completion("elsewhere"));
      return json(response, { error }, 404);
    });
    expect((await plane.chat({ model: "both" })).headers.get("x-gatehouse-target")).toBe("other/x");
    const alone = await plane.chat({ model: "plain" });
    expect(alone.status).toBe(404);
    expect(await alone.json()).toMatchObject({ error: { code: "DeploymentNotFound", message: error.message } });
  });
});

describe("a stream's first chunk, which holds the filter's word on the prompt and no choice,", () => {
  const preamble = event({
    choices: [],
    created: 0,
    id: "",
    model: "",
    object: "",
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
  });

  it("is passed on unchanged", async () => {
    azure.answer((_, response) => {
      eventStream(response);
      response.end(preamble + chunk("hi") + chunk("", "stop") + DONE);
    });
    const response = await plane.chat({ model: "plain", stream: true });
    expect(await response.text()).toBe(preamble + chunk("hi") + chunk("", "stop") + DONE);
  });

  it("is no answer yet: another target can still be asked", async () => {
    azure.answer(async ({ path }, response) => {
      eventStream(response);
      if (path.startsWith("/other/")) return void response.end(chunk("better") + chunk("", "stop") + DONE);
      response.write(preamble);
      await new Promise((resolve) => setTimeout(resolve, 20));
      response.end(event({ error: { code: "429", message: "busy" } }));
    });
    const response = await plane.chat({ model: "both", stream: true });
    expect(response.headers.get("x-gatehouse-target")).toBe("other/x");
    const text = await response.text();
    expect(text).toContain("better");
    expect(text).not.toContain("prompt_filter_results");
  });
});

describe("the configuration", () => {
  const check = (settings: string) =>
    parseConfig(`providers: { x: { kind: azure, baseUrl: "https://a.openai.azure.com", ${settings} } }`, {
      source: "gatehouse.yaml",
      env: {},
    });

  it.each([
    ["no way in", ""],
    ["two ways in", "apiKey: a, token: b"],
    ["half a way in", "tenantId: a, clientId: b"],
    ["a whole and a half way in", "apiKey: a, clientId: b"],
  ])("with %s is a mistake that says what is missing", async (_, settings) => {
    await expect(check(settings)).rejects.toThrow(
      "providers.x: needs exactly one way in: apiKey, token, or tenantId, clientId and clientSecret",
    );
  });

  it("takes a version that is a date, or v1", async () => {
    await expect(check("apiKey: a, apiVersion: latest")).rejects.toThrow("must be v1 or a date, such as 2024-10-21");
    await expect(check("apiKey: a, apiVersion: v1")).resolves.toBeDefined();
  });
});
