import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { databaseConversations } from "../../src/stores/conversations/database.ts";
import type { Database } from "../../src/stores/database/open.ts";
import { embeddedDatabase } from "../stores/databases.ts";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { modelServer } from "../support/model-server.ts";
import { completion, json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let database: Database;
let planes: TestPlane[];
let client: OpenAI;
let another: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(modelServer);
  database = await embeddedDatabase();
  const config = `
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { m: { route: p/stub-model }, broken: { route: p/broken }, refused: { route: p/refused } }
`;
  const open = () => startTestPlane(config, { conversations: databaseConversations(database.db) });
  planes = [await open(), await open()];
  [client, another] = planes.map(({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0 })) as [
    OpenAI,
    OpenAI,
  ];
});
afterAll(async () => {
  await Promise.all(planes.map((plane) => plane.stop()));
  await database.close();
  await upstream.close();
});

const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [{ type: "function" as const, name: "weather", parameters, strict: true }];
const lastMessages = () => JSON.parse(upstream.received.at(-1)!.body).messages;

describe("the official openai client's responses, over a server that only speaks chat", () => {
  it("answers", async () => {
    const answer = await client.responses.create({ model: "m", input: "Say hello.", instructions: "Be kind." });
    expect(answer.output_text).toBe("Hello from the model.");
    expect(answer.usage?.total_tokens).toBe(12);
    expect(answer._request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(lastMessages()).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: "Say hello." },
    ]);
  });

  it("streams, and its helper puts the answer together", async () => {
    const stream = client.responses.stream({ model: "m", input: "Say hello." });
    let text = "";
    stream.on("response.output_text.delta", ({ delta }) => {
      text += delta;
    });
    const answer = await stream.finalResponse();
    expect(text).toBe("Hello from the model.");
    expect(answer.output_text).toBe(text);
    expect(answer.usage?.output_tokens).toBe(7);
  });

  it("parses structured output", async () => {
    upstream.answer((request, response) => {
      expect(JSON.parse(request.body).response_format.json_schema).toMatchObject({ name: "trip", strict: true });
      json(response, completion('{"city":"Oslo"}'));
    });
    const answer = await client.responses.parse({
      model: "m",
      input: "Where?",
      text: { format: zodTextFormat(z.object({ city: z.string() }), "trip") },
    });
    expect(answer.output_parsed).toEqual({ city: "Oslo" });
    upstream.answer(modelServer);
  });

  it.each([false, true])("calls tools and reads what they say (streamed: %s)", async (streamed) => {
    const ask = async (input: OpenAI.Responses.ResponseInput, previous_response_id?: string) => {
      const request = { model: "m", input, tools, ...(previous_response_id ? { previous_response_id } : {}) };
      return streamed ? client.responses.stream(request).finalResponse() : client.responses.create(request);
    };
    const first = await ask([{ role: "user", content: "Weather in Oslo?" }]);
    const [call] = first.output;
    expect(call).toMatchObject({
      type: "function_call",
      call_id: "call_1",
      name: "weather",
      arguments: '{"city":"Oslo"}',
    });
    const result = { type: "function_call_output" as const, call_id: "call_1", output: "rain" };
    const second = await ask([result], first.id);
    expect(second.output_text).toBe("Hello from the model.");
    expect(lastMessages()).toEqual([
      { role: "user", content: "Weather in Oslo?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "rain" },
    ]);
  });

  it("goes on at another replica, streamed or not, the moment the answer is there", async () => {
    const stream = await client.responses.create({ model: "m", input: "One.", stream: true });
    let id = "";
    for await (const event of stream) {
      if (event.type !== "response.completed") continue;
      id = event.response.id;
      break;
    }
    const second = await another.responses.create({ model: "m", input: "Two.", previous_response_id: id });
    await client.responses.create({ model: "m", input: "Three.", previous_response_id: second.id });
    const said = lastMessages().map(({ content }: { content: string }) => content);
    expect(said).toEqual(["One.", "Hello from the model.", "Two.", "Hello from the model.", "Three."]);
  });

  it("finds what was kept, lists what was said, and deletes it", async () => {
    const answer = await client.responses.create({
      model: "m",
      input: [
        { role: "user", content: "One." },
        { role: "user", content: "Two." },
      ],
      metadata: { topic: "numbers" },
    });
    const kept = await another.responses.retrieve(answer.id);
    expect({ ...kept, _request_id: "" }).toEqual({ ...answer, _request_id: "" });
    expect(kept.metadata).toEqual({ topic: "numbers" });
    const texts: unknown[] = [];
    for await (const item of another.responses.inputItems.list(answer.id, { order: "asc", limit: 1 })) {
      if (item.type === "message") texts.push(item.content[0]);
    }
    expect(texts).toEqual([
      { type: "input_text", text: "One." },
      { type: "input_text", text: "Two." },
    ]);
    await client.responses.delete(answer.id);
    await expect(another.responses.retrieve(answer.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(another.responses.inputItems.list(answer.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.responses.delete(answer.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const goOn = client.responses.create({ model: "m", input: "x", previous_response_id: answer.id });
    await expect(goOn).rejects.toMatchObject({
      status: 400,
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
  });

  it("keeps nothing that it is told not to keep", async () => {
    const answer = await client.responses.create({ model: "m", input: "x", store: false });
    expect(answer).toMatchObject({ store: false });
    await expect(client.responses.retrieve(answer.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("meets errors as its own classes, also in a stream", async () => {
    const ask = (model: string) => client.responses.create({ model, input: "x" });
    await expect(ask("broken")).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(ask("refused")).rejects.toMatchObject({ status: 400, param: "temperature" });
    upstream.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n');
      setTimeout(() => response.destroy(), 20);
    });
    const stream = await client.responses.create({ model: "m", input: "x", stream: true });
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    upstream.answer(modelServer);
  });

  it("is told what chat has no form for", async () => {
    const { response } = await client.responses
      .create({ model: "m", input: "x", tools: [{ type: "web_search" }], truncation: "auto" })
      .withResponse();
    expect(response.headers.get("x-gatehouse-dropped")).toBe("tools.web_search, truncation");
  });
});
