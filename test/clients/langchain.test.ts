import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { support-bot: { route: p/stub-model }, refused: { route: p/refused }, embed: { route: p/stub-embed } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const chat = (model = "support-bot") =>
  new ChatOpenAI({ model, apiKey: KEY, maxRetries: 0, configuration: { baseURL: `${plane.url}/v1` } });

describe("LangChain's OpenAI classes", () => {
  it("chat", async () => {
    expect((await chat().invoke("Say hello.")).content).toBe("Hello from the model.");
  });

  it("stream", async () => {
    let text = "";
    for await (const part of await chat().stream("Say hello.")) text += part.content;
    expect(text).toBe("Hello from the model.");
  });

  it("call tools", async () => {
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const bound = chat().bindTools([{ type: "function", function: { name: "weather", parameters: schema } }]);
    expect((await bound.invoke("The weather in Oslo?")).tool_calls).toMatchObject([
      { name: "weather", args: { city: "Oslo" } },
    ]);
  });

  it("embed", async () => {
    const embeddings = new OpenAIEmbeddings({
      model: "embed",
      apiKey: KEY,
      configuration: { baseURL: `${plane.url}/v1` },
    });
    expect(await embeddings.embedQuery("a")).toEqual([0.25, -0.5, 1]);
  });

  it("meet errors with status and words", async () => {
    await expect(chat("refused").invoke("x")).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("bad temperature"),
    });
  });
});
