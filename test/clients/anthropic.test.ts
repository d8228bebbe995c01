import Anthropic from "@anthropic-ai/sdk";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { messagesServer } from "../support/messages-server.ts";
import { modelServer } from "../support/model-server.ts";
import {
  type Behaviour,
  completion,
  DONE,
  event,
  eventStream,
  json,
  startUpstream,
  type Upstream,
} from "../support/upstream.ts";

let own: Upstream;
let other: Upstream;
let plane: TestPlane;
let client: Anthropic;

beforeAll(async () => {
  own = await startUpstream(messagesServer);
  other = await startUpstream(modelServer);
  plane = await startTestPlane(`
providers:
  a: { kind: anthropic, apiKey: sk-ant-test, baseUrl: "${own.url}" }
  o: { kind: openai-compatible, baseUrl: "${other.url}/v1" }
models:
  claude: { route: a/claude-stub }
  gpt: { route: o/stub-model }
  overloaded: { route: a/overloaded }
  limited: { route: a/limited }
  broken: { route: o/broken }
  refused: { route: o/refused }
`);
  client = new Anthropic({ baseURL: plane.url, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await plane.stop();
  await own.close();
  await other.close();
});

const asks = { max_tokens: 100, messages: [{ role: "user" as const, content: "What is the weather?" }] };
const tools = [
  {
    name: "weather",
    input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
  },
];

/** What stands behind each: Anthropic's own API, and one that only speaks OpenAI. */
const behind = ["claude", "gpt"];

/** Tells its thoughts beside a tool call, and refuses to go on without them, as DeepSeek's and Moonshot's models do. */
const thinker: Behaviour = (request, response) => {
  const { messages, stream } = JSON.parse(request.body);
  const called = messages.find((message: { role: string }) => message.role === "assistant");
  if (called?.reasoning_content === "They want the weather.") return modelServer(request, response);
  if (called) return json(response, { error: { message: "the thoughts are missing" } }, 400);
  const reasoning_content = "They want the weather.";
  const tool_calls = [
    { index: 0, id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
  ];
  const message = { role: "assistant", content: null, reasoning_content, tool_calls };
  if (!stream) return json(response, completion("", { choices: [{ index: 0, message, finish_reason: "tool_calls" }] }));
  eventStream(response);
  for (const delta of [{ role: "assistant", reasoning_content }, { tool_calls }]) {
    response.write(event({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: null }] }));
  }
  response.end(event({ id: "c", model: "m", choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] }) + DONE);
};

describe("Anthropic's official client, unchanged but for its base URL", () => {
  it.each(behind)("creates a message: %s", async (model) => {
    const answer = await client.messages.create({ ...asks, model });
    expect(answer).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(answer.content).toEqual([{ type: "text", text: "Hello from the model." }]);
    expect(answer.usage).toMatchObject({ input_tokens: 5, output_tokens: 7 });
    expect(answer._request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(behind)("streams, through its own helper: %s", async (model) => {
    const stream = client.messages.stream({ ...asks, model });
    const pieces: string[] = [];
    stream.on("text", (piece) => pieces.push(piece));
    const answer = await stream.finalMessage();
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe("Hello from the model.");
    expect(answer.content).toEqual([{ type: "text", text: "Hello from the model." }]);
    expect(answer).toMatchObject({ stop_reason: "end_turn", usage: { input_tokens: 5, output_tokens: 7 } });
  });

  it.each(behind)("streams the raw events in Anthropic's order: %s", async (model) => {
    const types: string[] = [];
    for await (const { type } of await client.messages.create({ ...asks, model, stream: true })) types.push(type);
    expect(types[0]).toBe("message_start");
    expect(types.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
  });

  it.each(behind)("goes round a loop of tools, streamed and not: %s", async (model) => {
    for (const streamed of [false, true]) {
      const ask = (messages: Anthropic.MessageParam[]) => {
        const request = {
          ...asks,
          model,
          messages,
          tools,
          thinking: { type: "enabled" as const, budget_tokens: 1024 },
        };
        return streamed ? client.messages.stream(request).finalMessage() : client.messages.create(request);
      };
      const messages: Anthropic.MessageParam[] = [...asks.messages];
      const first = await ask(messages);
      expect(first.stop_reason).toBe("tool_use");
      const call = first.content.find((block) => block.type === "tool_use")!;
      expect(call).toMatchObject({ name: "weather", input: { city: "Oslo" } });
      messages.push({ role: "assistant", content: first.content });
      messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "Rain." }] });
      const second = await ask(messages);
      expect(second.content).toEqual([{ type: "text", text: "Hello from the model." }]);
    }
  });

  it("gives signed thoughts back as they came", async () => {
    const first = await client.messages.stream({ ...asks, model: "claude", tools }).finalMessage();
    expect(first.content[0]).toEqual({
      type: "thinking",
      thinking: "They want the weather.",
      signature: "c2lnbmVk",
    });
    const messages = [
      ...asks.messages,
      { role: "assistant" as const, content: first.content },
      { role: "user" as const, content: [{ type: "tool_result" as const, tool_use_id: "toolu_1", content: "Rain." }] },
    ];
    await client.messages.create({ ...asks, model: "claude", tools, messages });
    expect(JSON.parse(own.received.at(-1)!.body).messages).toEqual(messages);
  });

  it.each([false, true])(
    "gives a server of chat its thoughts back in a loop of tools: streamed %s",
    async (streamed) => {
      other.answer(thinker);
      const ask = (messages: Anthropic.MessageParam[]) => {
        const request = { ...asks, model: "gpt", messages, tools };
        return streamed ? client.messages.stream(request).finalMessage() : client.messages.create(request);
      };
      const first = await ask(asks.messages);
      expect(first.content).toMatchObject([
        { type: "thinking", thinking: "They want the weather." },
        { type: "tool_use", id: "call_1", input: { city: "Oslo" } },
      ]);
      const second = await ask([
        ...asks.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "Rain." }] },
      ]);
      expect(second.content).toEqual([{ type: "text", text: "Hello from the model." }]);
      other.answer(modelServer);
    },
  );

  it("parses answers that are held to a schema", async () => {
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    } as const;
    other.answer((_, response) => json(response, completion('{"city":"Oslo"}')));
    const output_config = { format: jsonSchemaOutputFormat(schema) };
    const { parsed_output } = await client.messages.parse({ ...asks, model: "gpt", output_config });
    expect(parsed_output).toEqual({ city: "Oslo" });
    expect(JSON.parse(other.received.at(-1)!.body).response_format).toMatchObject({
      type: "json_schema",
      json_schema: { schema, strict: true },
    });
    other.answer(modelServer);
  });

  it("may go on with a conversation that others began", async () => {
    other.answer(thinker);
    const first = await client.messages.create({ ...asks, model: "gpt", tools });
    other.answer(modelServer);
    const result = { type: "tool_result" as const, tool_use_id: "call_1", content: "Rain." };
    const { data, response } = await client.messages
      .create({
        ...asks,
        model: "claude",
        tools,
        messages: [
          ...asks.messages,
          { role: "assistant", content: first.content },
          { role: "user", content: [result] },
        ],
      })
      .withResponse();
    expect(data.content).toEqual([{ type: "text", text: "Hello from the model." }]);
    expect(own.received.at(-1)!.body).not.toContain("They want the weather.");
    expect(response.headers.get("x-gatehouse-dropped")).toBe("messages.content.thinking");
  });

  it("lists models", async () => {
    const names: string[] = [];
    for await (const model of client.models.list()) names.push(model.id);
    expect(names).toEqual(["claude", "gpt", "overloaded", "limited", "broken", "refused"]);
    expect(await client.models.retrieve("gpt")).toMatchObject({ id: "gpt", type: "model", display_name: "gpt" });
  });

  it("counts tokens", async () => {
    const { input_tokens } = await client.messages.countTokens({ model: "claude", messages: asks.messages });
    expect(input_tokens).toBe(42);
  });

  it("switches features on by header, through its beta methods too", async () => {
    await client.beta.messages.create({ ...asks, model: "claude", betas: ["context-1m-2025-08-07"] });
    const { headers, path } = own.received.at(-1)!;
    expect(headers).toMatchObject({
      "anthropic-beta": "context-1m-2025-08-07",
      "anthropic-version": expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      "x-api-key": "sk-ant-test",
    });
    expect(path).toBe("/v1/messages");
  });

  it("meets errors as its own classes", async () => {
    const ask = (model: string, with_ = client) => with_.messages.create({ ...asks, model });
    await expect(ask("overloaded")).rejects.toBeInstanceOf(Anthropic.OverloadedError);
    await expect(ask("limited")).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await expect(ask("broken")).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await expect(ask("refused")).rejects.toMatchObject({
      status: 400,
      type: "invalid_request_error",
      message: expect.stringContaining("bad temperature"),
    });
    await expect(ask("unknown")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(ask("claude", client.withOptions({ apiKey: "wrong" }))).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    await expect(client.messages.create({ model: "claude", messages: asks.messages } as never)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("max_tokens"),
    });
    await expect(client.messages.batches.list()).rejects.toMatchObject({ status: 404, type: "not_found_error" });
  });

  it.each(behind)("meets a stream that breaks as an error: %s", async (model) => {
    const upstream = model === "claude" ? own : other;
    upstream.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        model === "claude"
          ? 'event: message_start\ndata: {"type":"message_start","message":{"id":"m","content":[],"usage":{}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
          : 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n',
      );
      setTimeout(() => response.destroy(), 20);
    });
    const read = client.messages.stream({ ...asks, model }).finalMessage();
    await expect(read).rejects.toMatchObject({ type: "api_error" });
    await expect(read).rejects.toBeInstanceOf(Anthropic.APIError);
    own.answer(messagesServer);
    other.answer(modelServer);
  });
});
