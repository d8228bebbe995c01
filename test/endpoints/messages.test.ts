import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { failure, messageEvent, messagesServer } from "../support/messages-server.ts";
import { modelServer } from "../support/model-server.ts";
import { eventStream, json, startUpstream, type Upstream } from "../support/upstream.ts";

let own: Upstream;
let other: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  own = await startUpstream(messagesServer);
  other = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers:
  a: { kind: anthropic, apiKey: sk-ant-test, baseUrl: "${own.url}" }
  o: { kind: openai-compatible, baseUrl: "${other.url}/v1" }
models:
  claude: { route: a/claude-stub }
  gpt: { route: o/stub-model }
  strict: { route: o/stub-model, onUnsupported: reject }
  either: { route: { fallback: [a/claude-stub, o/stub-model] } }
`);
});
beforeEach(() => {
  own.answer(messagesServer);
  other.answer(modelServer);
});
afterAll(async () => {
  await plane.stop();
  await own.close();
  await other.close();
});

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

const hello = [{ role: "user", content: "Hello" }];

function ask(body: unknown, { path = "/v1/messages", method = "POST", headers }: Asked = {}): Promise<Response> {
  return fetch(plane.url + path, {
    method,
    headers: headers ?? { "x-api-key": KEY, "content-type": "application/json" },
    ...(method === "GET" ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

const message = (fields: Record<string, unknown> = {}) =>
  ask({ model: "claude", max_tokens: 10, messages: hello, ...fields });

async function errorOf(response: Response) {
  const body = (await response.json()) as { type: string; error: Record<string, unknown>; request_id: unknown };
  expect(body.type).toBe("error");
  expect(body).toHaveProperty("request_id");
  return { status: response.status, ...body.error, id: body.request_id };
}

describe("/v1/messages", () => {
  test("tells the call's id where Anthropic's clients look for it", async () => {
    const response = await message();
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-gatehouse-call-id"));
    const refused = await message({ max_tokens: "many" });
    expect(refused.headers.get("request-id")).toBe((await errorOf(refused)).id);
  });

  test("answers on the path that beta clients use as well", async () => {
    const response = await ask(
      { model: "claude", max_tokens: 10, messages: hello },
      { path: "/v1/messages?beta=true" },
    );
    expect(response.status).toBe(200);
  });

  test.each([
    ["max_tokens", { max_tokens: undefined }],
    ["max_tokens", { max_tokens: 1.5 }],
    ["messages", { messages: "Hello" }],
    ["messages", { messages: [] }],
    ["messages[0].role", { messages: [{ content: "x" }] }],
    ["messages[0].content", { messages: [{ role: "user" }] }],
    ["messages[0].content[0].type", { messages: [{ role: "user", content: [{}] }] }],
    ["system", { system: 5 }],
    ["stream", { stream: "yes" }],
    ["model", { model: "" }],
  ])("refuses a wrong %s by name: %j", async (param, fields) => {
    expect(await errorOf(await message(fields))).toMatchObject({ status: 400, type: "invalid_request_error", param });
  });

  test.each([
    ["invalid JSON", () => ask("{"), 400, "invalid_request_error"],
    ["no key", () => ask({}, { headers: {} }), 401, "authentication_error"],
    ["a wrong key", () => ask({}, { headers: { "x-api-key": "wrong" } }), 401, "authentication_error"],
    ["an unknown model", () => message({ model: "unknown" }), 404, "not_found_error"],
    ["another method", () => ask(undefined, { method: "GET" }), 405, "invalid_request_error"],
    ["an unknown path below", () => ask({}, { path: "/v1/messages/batches" }), 404, "not_found_error"],
    ["no key on a path below", () => ask({}, { path: "/v1/messages/x", headers: {} }), 401, "authentication_error"],
    [
      "a compressed body",
      () => ask({}, { headers: { "x-api-key": KEY, "content-encoding": "gzip" } }),
      415,
      "invalid_request_error",
    ],
  ])("tells %s in Anthropic's shape", async (_, run, status, type) => {
    expect(await errorOf(await run())).toMatchObject({ status, type, message: expect.any(String) });
  });

  test("keeps OpenAI's shape for everybody else", async () => {
    const response = await ask({}, { path: "/v1/chat/completions" });
    expect(Object.keys((await response.json()) as object)).toEqual(["error"]);
  });

  test.each([
    [529, "overloaded_error", 529, "overloaded_error"],
    [429, "rate_limit_error", 429, "rate_limit_error"],
    [400, "invalid_request_error", 400, "invalid_request_error"],
    [413, "request_too_large", 413, "request_too_large"],
    [404, "not_found_error", 404, "not_found_error"],
    [401, "authentication_error", 502, "api_error"],
    [500, "api_error", 502, "api_error"],
  ])("tells the provider's %i %s as %i %s", async (status, type, seen, seenType) => {
    own.answer((_, response) => json(response, failure(type, "Words"), status));
    expect(await errorOf(await message())).toMatchObject({ status: seen, type: seenType });
    own.answer(messagesServer);
  });

  test("records the status that the client saw", async () => {
    const recorded = () => plane.metric("gatehouse_requests_total", { model: "claude", status: "529" });
    const before = await recorded();
    own.answer((_, response) => json(response, failure("overloaded_error", "Overloaded"), 529));
    await message();
    await expect.poll(recorded).toBe(before + 1);
  });

  test("names what a provider of another kind cannot honour", async () => {
    const response = await message({ model: "gpt", top_k: 5, container: "c" });
    expect(response.headers.get("x-gatehouse-dropped")?.split(", ").sort()).toEqual(["container", "top_k"]);
    expect((await message({ top_k: 5 })).headers.get("x-gatehouse-dropped")).toBeNull();
    expect(await errorOf(await message({ model: "strict", top_k: 5 }))).toMatchObject({ status: 400, param: "top_k" });
  });

  test("refuses a header that is no list of names", async () => {
    const headers = { "x-api-key": KEY, "anthropic-beta": 'a"b' };
    const refused = await ask({ model: "claude", max_tokens: 1, messages: hello }, { headers });
    expect(await errorOf(refused)).toMatchObject({ status: 400, param: "anthropic-beta" });
  });
});

describe("a large request to /v1/messages", () => {
  const data = "iVBORw0K".repeat(100_000);
  const content = [{ type: "image", source: { type: "base64", media_type: "image/png", data } }];

  test("reaches Anthropic as it came, and others as a picture", async () => {
    const messages = [{ role: "user", content }];
    await message({ messages });
    expect(JSON.parse(own.received.at(-1)!.body)).toEqual({ model: "claude-stub", max_tokens: 10, messages });
    await message({ model: "gpt", messages });
    const [sent] = JSON.parse(other.received.at(-1)!.body).messages;
    expect(sent.content[0].image_url.url).toBe(`data:image/png;base64,${data}`);
  });
});

describe("a stream of /v1/messages", () => {
  const start = messageEvent({ type: "message_start", message: { id: "m", usage: { input_tokens: 1 } } });
  const open = messageEvent({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  const broken = messageEvent({ ...failure("overloaded_error", "Overloaded") });

  test("that fails before it says anything is answered by the next target, whatever API that has", async () => {
    own.answer((_, response) => {
      eventStream(response);
      response.end(start + broken);
    });
    const response = await message({ model: "either", stream: true });
    const text = await response.text();
    expect(response.headers.get("x-gatehouse-target")).toBe("o/stub-model");
    expect(text).toContain('"text_delta","text":"Hello "');
    expect(text).toMatch(/event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/);
    own.answer(messagesServer);
  });

  test("that fails later ends in the provider's own error event, told once", async () => {
    own.answer((_, response) => {
      eventStream(response);
      response.write(start + open);
      setTimeout(() => response.end(broken), 20);
    });
    expect(await (await message({ stream: true })).text()).toBe(start + open + broken);
  });

  test("that breaks off ends in an error event of ours", async () => {
    own.answer((_, response) => {
      eventStream(response);
      response.write(start + open);
      setTimeout(() => response.destroy(), 20);
    });
    const text = await (await message({ stream: true })).text();
    const [, data = "{}"] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? [];
    expect(JSON.parse(data)).toMatchObject({ type: "error", error: { type: "api_error", code: "upstream_closed" } });
  });
});

describe("/v1/messages/count_tokens", () => {
  const count = (fields: Record<string, unknown>) =>
    ask({ messages: hello, ...fields }, { path: "/v1/messages/count_tokens" });

  test("counts at Anthropic", async () => {
    const response = await count({ model: "claude" });
    expect(await response.json()).toEqual({ input_tokens: 42 });
    expect(response.headers.get("x-gatehouse-estimated")).toBeNull();
  });

  test("estimates for everybody else, says so, and asks nobody", async () => {
    const before = other.received.length;
    const response = await count({ model: "gpt", system: "Be kind.", tools: [{ name: "weather", input_schema: {} }] });
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number), estimated: true });
    expect(response.headers.get("x-gatehouse-estimated")).toBe("input_tokens");
    expect(response.headers.get("x-gatehouse-target")).toBe("o/stub-model");
    expect(other.received.length).toBe(before);
  });

  test("estimates pictures by their size, however large the body", async () => {
    const image = (bytes: number) => ({
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "iVBO".repeat(bytes / 4) },
    });
    const counted = async (bytes: number) => {
      const response = await count({ model: "gpt", messages: [{ role: "user", content: [image(bytes)] }] });
      return ((await response.json()) as { input_tokens: number }).input_tokens;
    };
    expect(await counted(400)).toBeLessThan(120);
    expect(await counted(1_000_000)).toBeGreaterThan(1500);
  });

  test("wants no max_tokens, but messages", async () => {
    expect(await errorOf(await count({ model: "claude", messages: 5 }))).toMatchObject({
      status: 400,
      param: "messages",
    });
  });
});
