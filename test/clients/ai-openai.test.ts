import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, embedMany, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;
let gatehouse: ReturnType<typeof createOpenAI>;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { support-bot: { route: p/stub-model }, broken: { route: p/broken }, embed: { route: p/stub-embed } }
`);
  gatehouse = createOpenAI({ baseURL: `${plane.url}/v1`, apiKey: KEY });
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const weather = tool({
  description: "The weather in a city",
  inputSchema: jsonSchema<{ city: string }>({ type: "object", properties: { city: { type: "string" } } }),
  execute: async ({ city }) => `sunny in ${city}`,
});

/** The provider's two ways: chat, and Responses, which is what it takes when nothing else is said. */
describe.each([
  ["chat", (name: string) => gatehouse.chat(name)],
  ["responses", (name: string) => gatehouse(name)],
])("the AI SDK with its OpenAI provider, over %s", (_, model) => {
  it("generates text", async () => {
    const { text, usage } = await generateText({ model: model("support-bot"), prompt: "Say hello." });
    expect([text, usage.totalTokens]).toEqual(["Hello from the model.", 12]);
  });

  it("streams text", async () => {
    const parts: string[] = [];
    const { textStream, finishReason } = streamText({ model: model("support-bot"), prompt: "Say hello." });
    for await (const part of textStream) parts.push(part);
    expect([parts, await finishReason]).toEqual([["Hello ", "from ", "the model."], "stop"]);
  });

  it("generates an object", async () => {
    const schema = jsonSchema<{ city: string; days: number }>({
      type: "object",
      properties: { city: { type: "string" }, days: { type: "number" } },
      required: ["city", "days"],
      additionalProperties: false,
    });
    const { object } = await generateObject({ model: model("support-bot"), schema, prompt: "Where, and how long?" });
    expect(object).toEqual({ city: "Oslo", days: 3 });
  });

  it("calls a tool and goes on with its result, streamed and not", async () => {
    const ask = { prompt: "How is the weather in Oslo?", tools: { weather }, stopWhen: stepCountIs(3) };
    const { text, steps } = await generateText({ model: model("support-bot"), ...ask });
    expect(steps[0]?.toolResults[0]?.output).toBe("sunny in Oslo");
    expect(text).toBe("Hello from the model.");
    const streamed = streamText({ model: model("support-bot"), ...ask });
    expect((await streamed.steps).map((step) => step.toolResults.map((result) => result.output))).toEqual([
      ["sunny in Oslo"],
      [],
    ]);
  });

  it("meets errors as its own class, with what to retry", async () => {
    const ask = generateText({ model: model("broken"), prompt: "x", maxRetries: 0 });
    await expect(ask).rejects.toBeInstanceOf(APICallError);
    await expect(ask).rejects.toMatchObject({ statusCode: 429, isRetryable: true });
  });
});

it("embeds with the same provider", async () => {
  const { embeddings } = await embedMany({ model: gatehouse.embeddingModel("embed"), values: ["a", "b"] });
  expect(embeddings).toEqual([
    [0.25, -0.5, 1],
    [0.25, -0.5, 1],
  ]);
});
