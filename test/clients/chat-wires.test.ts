/** OpenAI's own client over wires that are not OpenAI's, whole and with its helper for streams. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture } from "../providers/wire-door.ts";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let provider: Upstream;
let plane: TestPlane;
let client: OpenAI;

beforeAll(async () => {
  provider = await startUpstream();
  plane = await startTestPlane(`
providers:
  mistral: { kind: mistral, apiKey: k, baseUrl: "${provider.url}" }
  cohere: { kind: cohere, apiKey: k, baseUrl: "${provider.url}" }
  ollama: { kind: ollama, baseUrl: "${provider.url}" }
models:
  mistral: { route: mistral/magistral-medium-latest }
  cohere: { route: cohere/command-a-reasoning-08-2025 }
  ollama: { route: ollama/qwen3 }
`);
  client = new OpenAI({ apiKey: KEY, baseURL: `${plane.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await plane.stop();
  await provider.close();
});

const tools: OpenAI.ChatCompletionTool[] = ["forecast", "now"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object" } },
}));

const forecast = expect.objectContaining({
  type: "function",
  function: expect.objectContaining({ name: "forecast", arguments: expect.stringMatching(/"city": ?"Oslo"/) }),
});
const now = expect.objectContaining({ function: expect.objectContaining({ name: "now", arguments: "{}" }) });

describe.each([
  { model: "mistral", streamed: "sse", type: "text/event-stream; charset=utf-8" },
  { model: "cohere", streamed: "sse", type: "text/event-stream" },
  { model: "ollama", streamed: "ndjson", type: "application/x-ndjson" },
])("over $model", ({ model, streamed, type }) => {
  const answerWith = (ending: string, contentType: string) =>
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": contentType }).end(fixture(`${model}/tools.${ending}`));
    });
  const asked = { model, messages: [{ role: "user" as const, content: "What weather, and when?" }], tools };

  test("a whole answer has its calls", async () => {
    answerWith("json", "application/json");
    const { choices, usage } = await client.chat.completions.create(asked);
    expect(choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { tool_calls: [forecast, now] } });
    expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens);
  });

  test("a stream adds up to the same, and tells its usage", async () => {
    answerWith(streamed, type);
    const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    const { choices, usage } = await stream.finalChatCompletion();
    expect(choices[0]!.finish_reason).toBe("tool_calls");
    expect(choices[0]!.message.tool_calls).toEqual(expect.arrayContaining([forecast, now]));
    expect(usage!.prompt_tokens).toBeGreaterThan(0);
  });

  test("a stream that stops early is an error, not an end", async () => {
    provider.answer((_, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(fixture(`${model}/tools.${streamed}`).subarray(0, 600));
    });
    const stream = client.chat.completions.stream(asked);
    await expect(stream.finalChatCompletion()).rejects.toThrow();
  });
});
