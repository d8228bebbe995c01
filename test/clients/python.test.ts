import { afterAll, beforeAll, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { pythonOpenAI } from "../support/services/python-openai.ts";
import { run } from "../support/services/run.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const script = new URL("openai_client.py", import.meta.url).pathname;
const packages = await pythonOpenAI().catch((error: Error) => {
  console.log(`OpenAI's Python client was not tried: ${error.message}`);
  return undefined;
});

let upstream: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { support-bot: { route: p/stub-model }, broken: { route: p/broken }, refused: { route: p/refused }, embed: { route: p/stub-embed } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

it.skipIf(packages === undefined)("OpenAI's client for Python works unchanged", async () => {
  const env = { ...process.env, PYTHONPATH: packages, BASE_URL: `${plane.url}/v1`, API_KEY: KEY };
  expect(JSON.parse(await run("python3", [script], { env, timeoutMs: 60_000 }))).toEqual({
    text: "Hello from the model.",
    request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    streamed: "Hello from the model.",
    tokens: 12,
    call: ["call_1", "weather", '{"city":"Oslo"}'],
    parsed: { city: "Oslo", days: 3 },
    vectors: [
      [0.25, -0.5, 1],
      [0.25, -0.5, 1],
    ],
    models: ["support-bot", "broken", "refused", "embed"],
    response: "Hello from the model.",
    response_streamed: "Hello from the model.",
    errors: [
      ["RateLimitError", 429],
      ["BadRequestError", 400],
      ["NotFoundError", 404],
    ],
  });
});
