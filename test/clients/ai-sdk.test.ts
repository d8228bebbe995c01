import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;
let gatehouse: ReturnType<typeof createOpenAICompatible>;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { support-bot: { route: p/stub-model }, broken: { route: p/broken }, embed: { route: p/stub-embed } }
`);
  gatehouse = createOpenAICompatible({ name: "gatehouse", baseURL: `${plane.url}/v1`, apiKey: KEY });
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

describe("the AI SDK with its OpenAI-compatible provider", () => {
  it("generates text", async () => {
    const { text, usage } = await generateText({ model: gatehouse("support-bot"), prompt: "Say hello." });
    expect([text, usage.totalTokens]).toEqual(["Hello from the model.", 12]);
  });

  it("streams text", async () => {
    const parts: string[] = [];
    for await (const part of streamText({ model: gatehouse("support-bot"), prompt: "Say hello." }).textStream)
      parts.push(part);
    expect(parts).toEqual(["Hello ", "from ", "the model."]);
  });

  it("calls a tool and goes on with its result", async () => {
    const { text, steps } = await generateText({
      model: gatehouse("support-bot"),
      prompt: "How is the weather in Oslo?",
      tools: { weather },
      stopWhen: stepCountIs(3),
    });
    expect(steps[0]?.toolResults[0]?.output).toBe("sunny in Oslo");
    expect(text).toBe("Hello from the model.");
  });

  it("embeds", async () => {
    const { embeddings } = await embedMany({ model: gatehouse.embeddingModel("embed"), values: ["a", "b"] });
    expect(embeddings).toEqual([
      [0.25, -0.5, 1],
      [0.25, -0.5, 1],
    ]);
  });

  it("meets errors as its own class, with what to retry", async () => {
    const ask = generateText({ model: gatehouse("broken"), prompt: "x", maxRetries: 0 });
    await expect(ask).rejects.toBeInstanceOf(APICallError);
    await expect(ask).rejects.toMatchObject({ statusCode: 429, isRetryable: true });
  });
});
