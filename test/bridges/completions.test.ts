import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { messagesServer } from "../support/messages-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(messagesServer);
  plane = await startTestPlane(`
providers: { claude: { kind: anthropic, apiKey: x, baseUrl: "${upstream.url}" } }
models: { m: { route: claude/claude-stub } }
`);
  client = new OpenAI({ baseURL: `${plane.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const lastBody = () => JSON.parse(upstream.received.at(-1)!.body);

describe("text completions from a provider that only chats", () => {
  it("answer with the chat's text and usage", async () => {
    const answer = await client.completions.create({ model: "m", prompt: "Say hello.", max_tokens: 50, stop: "\n\n." });
    expect(answer).toMatchObject({
      object: "text_completion",
      choices: [{ index: 0, text: "Hello from the model.", logprobs: null, finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
    expect(lastBody()).toMatchObject({
      max_tokens: 50,
      messages: [{ role: "user", content: [{ type: "text", text: "Say hello." }] }],
    });
  });

  it("stream pieces of text, and usage only to who asks for it", async () => {
    const read = async (include_usage: boolean) => {
      const stream_options = { include_usage };
      const chunks = await client.completions.create({ model: "m", prompt: ["Hi"], stream: true, stream_options });
      const told: unknown[] = [];
      for await (const { choices, usage } of chunks) {
        told.push(choices[0] ? [choices[0].text, choices[0].finish_reason] : usage?.total_tokens);
      }
      return told;
    };
    const pieces = [
      ["Hello ", null],
      ["from ", null],
      ["the ", null],
      ["model.", null],
      ["", "stop"],
    ];
    expect(await read(false)).toEqual(pieces);
    expect(await read(true)).toEqual([...pieces, 12]);
  });

  it("name what a chat has no form for", async () => {
    const fields = { suffix: "!", echo: false, best_of: 2, logprobs: 3 };
    const { response } = await client.completions.create({ model: "m", prompt: "Hi", ...fields }).withResponse();
    expect(response.headers.get("x-gatehouse-dropped")).toBe("suffix, best_of, logprobs");
    expect(lastBody()).not.toHaveProperty("suffix");
  });

  it("refuse several prompts and token numbers", async () => {
    for (const prompt of [
      ["a", "b"],
      [1, 2, 3],
    ]) {
      const ask = client.completions.create({ model: "m", prompt });
      await expect(ask).rejects.toMatchObject({ status: 400, param: "prompt", code: "unsupported" });
    }
  });
});
