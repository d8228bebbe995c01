import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { DONE, event, eventStream, json, startUpstream, type Upstream } from "../support/upstream.ts";

let cloud: Upstream;
let plane: TestPlane;
const MODEL = "@cf/meta/llama-3.1-8b-instruct";
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

beforeAll(async () => {
  cloud = await startUpstream();
  plane = await startTestPlane(`
providers:
  cloud: { kind: workers-ai, accountId: acc, apiKey: key, baseUrl: "${cloud.url}/v4" }
models:
  llama: { route: "cloud/${MODEL}" }
`);
});
afterAll(async () => {
  await plane.stop();
  await cloud.close();
});
beforeEach(() => {
  cloud.received.length = 0;
  cloud.answer((_, response) => json(response, { success: true, result: { response: "Hello", usage } }));
});

describe("the example of a provider plugin", () => {
  it("sends a chat in its provider's form and names what is lost", async () => {
    const content = [
      { type: "text", text: "Good " },
      { type: "text", text: "day" },
    ];
    const messages = [{ role: "user", content }];
    const response = await plane.chat({ model: "llama", messages, max_tokens: 9, temperature: 0.5, n: 2 });
    expect(response.headers.get("x-gatehouse-dropped")).toBe("n");
    const { path, headers, body } = cloud.received[0]!;
    expect([path, headers.authorization]).toEqual([`/v4/accounts/acc/ai/run/${MODEL}`, "Bearer key"]);
    expect(JSON.parse(body)).toEqual({
      messages: [{ role: "user", content: "Good day" }],
      max_tokens: 9,
      temperature: 0.5,
    });
    expect(await response.json()).toMatchObject({
      object: "chat.completion",
      model: MODEL,
      choices: [{ message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
      usage,
    });
  });

  it("streams", async () => {
    cloud.answer((_, response) => {
      eventStream(response);
      response.end(event({ response: "Hel" }) + event({ response: "lo" }) + event({ response: "", usage }) + DONE);
    });
    const response = await plane.chat({ model: "llama", stream: true, stream_options: { include_usage: true } });
    const events = (await response.text()).split("\n\n").filter(Boolean);
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((text) => JSON.parse(text.slice("data: ".length)));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello");
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
  });

  it("tells a stream that broke from one that ended", async () => {
    cloud.answer((_, response) => {
      eventStream(response);
      response.end(event({ response: "Hel" }));
    });
    const text = await (await plane.chat({ model: "llama", stream: true })).text();
    expect(text).toContain("upstream_closed");
    expect(text).not.toContain("[DONE]");
  });

  it.each([
    [400, "upstream_invalid_request", "Too many tokens"],
    [401, "upstream_auth", "The provider refused the gateway's credentials."],
    [429, "upstream_rate_limited", "The provider is limiting the gateway's rate."],
  ])("tells a refusal with status %i as %s", async (status, code, message) => {
    const body = { success: false, errors: [{ code: 1, message: "Too many tokens" }] };
    cloud.answer((_, response) => json(response, body, status));
    const response = await plane.chat({ model: "llama" });
    expect(await response.json()).toMatchObject({ error: { code, message } });
  });

  it("takes no images and no answer without a response", async () => {
    const content = [{ type: "image_url", image_url: { url: "https://x.example/a.png" } }];
    const image = await plane.chat({ model: "llama", messages: [{ role: "user", content }] });
    expect(await image.json()).toMatchObject({ error: { code: "unsupported", param: "messages" } });
    cloud.answer((_, response) => json(response, { success: true, result: null }));
    expect((await plane.chat({ model: "llama" })).status).toBe(502);
  });
});
