import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let provider: Upstream;
let plane: TestPlane;
let client: OpenAI;

beforeAll(async () => {
  provider = await startUpstream();
  plane = await startTestPlane(`
providers:
  openai: { kind: openai, apiKey: k, baseUrl: "${provider.url}/v1" }
  mistral: { kind: mistral, apiKey: k, baseUrl: "${provider.url}/v1" }
models:
  omni-moderation-latest: { route: openai/omni-moderation-latest }
  ours: { route: mistral/mistral-moderation-latest }
`);
  client = new OpenAI({ apiKey: KEY, baseURL: `${plane.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await plane.stop();
  await provider.close();
});
beforeEach(() => {
  provider.received.length = 0;
});

const results = [{ flagged: true, categories: { violence: true }, category_scores: { violence: 0.92 } }];

test("the official client is served by OpenAI's moderations, also without a model", async () => {
  provider.answer((_, response) => json(response, { id: "m", model: "omni-moderation-2024-09-26", results }));
  const input: OpenAI.ModerationMultiModalInput[] = [
    { type: "text", text: "I want to harm the robots" },
    { type: "image_url", image_url: { url: "https://img.example/a.png" } },
  ];
  const answer = await client.moderations.create({ input });
  expect(answer.results[0]).toMatchObject({ flagged: true });
  expect(provider.received[0]!.path).toBe("/v1/moderations");
  expect(JSON.parse(provider.received[0]!.body)).toEqual({ input, model: "omni-moderation-latest" });
});

test("Mistral's say whether anything is amiss as OpenAI's do", async () => {
  const native = { categories: { pii: true, law: false }, category_scores: { pii: 0.9, law: 0.1 } };
  provider.answer((_, response) => json(response, { id: "m", model: "mistral-moderation-latest", results: [native] }));
  const answer = await client.moderations.create({ model: "ours", input: ["My number is 555-0100."] });
  expect(answer.results).toEqual([{ flagged: true, ...native }]);
  expect(JSON.parse(provider.received[0]!.body)).toMatchObject({ model: "mistral-moderation-latest" });
});

test.each([[{}], [{ input: null }], [{ input: 3 }]])("%j is refused for its input", async (body) => {
  const answer = await fetch(`${plane.url}/v1/moderations`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { param: "input" } });
});
