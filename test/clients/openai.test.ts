import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { support-bot: { route: p/stub-model }, broken: { route: p/broken }, refused: { route: p/refused }, embed: { route: p/stub-embed } }
`);
  client = new OpenAI({ baseURL: `${plane.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const messages = [{ role: "user" as const, content: "Say hello." }];
const tools = [
  {
    type: "function" as const,
    function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

describe("the official openai client, unchanged but for its base URL", () => {
  it("chats", async () => {
    const answer = await client.chat.completions.create({ model: "support-bot", messages });
    expect(answer.choices[0]?.message.content).toBe("Hello from the model.");
    expect(answer.usage?.total_tokens).toBe(12);
    expect(answer._request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("streams", async () => {
    const stream = await client.chat.completions.create({
      model: "support-bot",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage?.total_tokens ?? usage;
    }
    expect([text, usage]).toEqual(["Hello from the model.", 12]);
  });

  it("calls tools, streamed and not", async () => {
    const whole = await client.chat.completions.create({ model: "support-bot", messages, tools });
    const streamed = await client.chat.completions
      .stream({ model: "support-bot", messages, tools })
      .finalChatCompletion();
    for (const answer of [whole, streamed]) {
      expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
      expect(answer.choices[0]?.message.tool_calls).toMatchObject([
        { id: "call_1", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
      ]);
    }
  });

  it("parses structured output", async () => {
    const format = zodResponseFormat(z.object({ city: z.string(), days: z.number() }), "stay");
    const answer = await client.chat.completions.parse({ model: "support-bot", messages, response_format: format });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: "Oslo", days: 3 });
  });

  it("embeds, through the client's own base64", async () => {
    const { data } = await client.embeddings.create({ model: "embed", input: ["a", "b"] });
    expect(data.map((one) => one.embedding)).toEqual([
      [0.25, -0.5, 1],
      [0.25, -0.5, 1],
    ]);
  });

  it("lists models", async () => {
    const names: string[] = [];
    for await (const model of client.models.list()) names.push(model.id);
    expect(names).toEqual(["support-bot", "broken", "refused", "embed"]);
    expect((await client.models.retrieve("support-bot")).id).toBe("support-bot");
  });

  it("meets errors as its own classes", async () => {
    const ask = (model: string, with_ = client) => with_.chat.completions.create({ model, messages });
    await expect(ask("broken")).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(ask("refused")).rejects.toMatchObject({
      status: 400,
      param: "temperature",
      message: expect.stringContaining("bad temperature"),
    });
    await expect(ask("refused")).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(ask("unknown")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(ask("support-bot", client.withOptions({ apiKey: "wrong" }))).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    await expect(client.models.retrieve("unknown")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("meets a stream that breaks as an error", async () => {
    upstream.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n');
      setTimeout(() => response.destroy(), 20);
    });
    const stream = await client.chat.completions.create({ model: "support-bot", messages, stream: true });
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    upstream.answer(modelServer);
  });
});
