import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { completion, event, eventStream, json, startUpstream, type Upstream } from "../support/upstream.ts";

let openai: Upstream;
let claude: Upstream;
let chat: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  openai = await startUpstream();
  claude = await startUpstream();
  chat = await startUpstream();
  plane = await startTestPlane(`
providers:
  openai: { kind: openai, apiKey: k, baseUrl: "${openai.url}/v1" }
  claude: { kind: anthropic, apiKey: k, baseUrl: "${claude.url}" }
  chat: { kind: openai-compatible, baseUrl: "${chat.url}/v1" }
models:
  openai: { route: openai/gpt-5 }
  claude: { route: claude/claude-haiku-4-5 }
  chat: { route: chat/x }
  safe: { route: { fallback: [openai/gpt-5, chat/x] } }
`);
});
afterAll(async () => {
  await plane.stop();
  for (const one of [openai, claude, chat]) await one.close();
});
beforeEach(() => {
  chat.answer((_, response) => json(response, completion('{"n":1}')));
});

const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const counted = (model: string, result: string) => plane.metric("gatehouse_answer_forms_total", { model, result });

describe("an answer of the Responses API", () => {
  const text = { format: { type: "json_schema", name: "r", strict: true, schema } };
  const tools = [{ type: "function", name: "add", strict: true, parameters: schema }];
  const ask = (fields: Record<string, unknown>) =>
    plane.chat({ messages: undefined, input: "q", ...fields }, { path: "/v1/responses" });
  const answer = (output: unknown[], status = "completed") => ({ id: "resp_1", object: "response", status, output });
  const wrote = (text: string, type = "output_text") => [
    { type: "reasoning", summary: [] },
    { type: "message", role: "assistant", content: [{ type, text, refusal: text, annotations: [] }] },
  ];
  const called = (text: string) => [{ type: "function_call", call_id: "c", name: "add", arguments: text }];

  it.each([
    ["that fits", { text }, answer(wrote('{"n":1}')), 200],
    ["that does not fit", { text }, answer(wrote('{"n":"1"}')), 502],
    ["that was cut off", { text }, answer(wrote('{"n":'), "incomplete"), 200],
    ["that was refused", { text }, answer(wrote("No.", "refusal")), 200],
    ["of any object", { text: { format: { type: "json_object" } } }, answer(wrote("[]")), 502],
    ["in plain text", { text: { format: { type: "text" } } }, answer(wrote("Hello")), 200],
    ["that calls a strict tool well", { tools }, answer(called('{"n":1}')), 200],
    ["that calls a strict tool amiss", { tools }, answer(called("{}")), 502],
  ])("%s", async (_, fields, body, status) => {
    openai.answer((_, response) => json(response, body));
    expect((await ask({ model: "openai", ...fields })).status).toBe(status);
  });

  it("is written by another target when it does not fit, through chat as well", async () => {
    openai.answer((_, response) => json(response, answer(wrote("Sure!"))));
    const response = await ask({ model: "safe", text });
    expect([response.status, response.headers.get("x-gatehouse-target")]).toEqual([200, "chat/x"]);
    chat.answer((_, response) => json(response, completion("Sure!")));
    expect((await ask({ model: "chat", text })).status).toBe(502);
  });

  it("that is streamed is told in the record", async () => {
    const created = { type: "response.created", sequence_number: 0, response: answer([], "in_progress") };
    const completed = { type: "response.completed", sequence_number: 1, response: answer(wrote("Sure!")) };
    openai.answer((_, response) => {
      eventStream(response);
      response.end([created, completed].map((one) => `event: ${one.type}\n${event(one)}`).join(""));
    });
    const before = await counted("openai", "misfits");
    expect(await (await ask({ model: "openai", text, stream: true })).text()).toContain("response.completed");
    await expect.poll(() => counted("openai", "misfits")).toBe(before + 1);
  });
});

describe("an answer of the Messages API", () => {
  const output_config = { format: { type: "json_schema", schema } };
  const tools = [{ name: "add", strict: true, input_schema: schema }];
  const ask = (fields: Record<string, unknown>) => plane.chat({ max_tokens: 9, ...fields }, { path: "/v1/messages" });
  const answer = (content: unknown[], stop_reason = "end_turn") => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    content,
    stop_reason,
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  const wrote = (text: string) => [{ type: "text", text }];
  const called = (input: unknown) => [{ type: "tool_use", id: "t", name: "add", input }];

  it.each([
    ["that fits", { output_config }, answer(wrote('{"n":1}')), 200],
    ["that does not fit", { output_config }, answer(wrote("Sure!")), 502],
    [
      "that does not fit, asked for in the older way",
      { output_format: output_config.format },
      answer(wrote("{}")),
      502,
    ],
    ["that was cut off", { output_config }, answer(wrote('{"n"'), "max_tokens"), 200],
    ["that was refused", { output_config }, answer(wrote(""), "refusal"), 200],
    ["that calls a strict tool well", { tools }, answer(called({ n: 1 }), "tool_use"), 200],
    ["that calls a strict tool amiss", { tools }, answer(called({ n: "1" }), "tool_use"), 502],
  ])("%s", async (_, fields, body, status) => {
    claude.answer((_, response) => json(response, body));
    const { status: got } = await ask({ model: "claude", ...fields });
    expect(got).toBe(status);
  });

  it.each([
    ["fits", "text", '{"n":1}'],
    ["misfits", "text", '{"n":"1"}'],
    ["fits", "tool_use", '{"n":1}'],
    ["misfits", "tool_use", '{"n":'],
  ])("that is streamed %s, as %s: told in the record", async (result, type, text) => {
    const write = (data: { type: string } & Record<string, unknown>) => `event: ${data.type}\n${event(data)}`;
    const block = type === "text" ? { type, text: "" } : { type, id: "t", name: "add", input: {} };
    claude.answer((_, response) => {
      eventStream(response);
      response.write(write({ type: "message_start", message: answer([]) }));
      response.write(write({ type: "content_block_start", index: 0, content_block: block }));
      for (const part of [text.slice(0, 3), text.slice(3)]) {
        const delta =
          type === "text" ? { type: "text_delta", text: part } : { type: "input_json_delta", partial_json: part };
        response.write(write({ type: "content_block_delta", index: 0, delta }));
      }
      const stop_reason = type === "text" ? "end_turn" : "tool_use";
      response.write(write({ type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 2 } }));
      response.end(write({ type: "message_stop" }));
    });
    const before = await counted("claude", result);
    await (await ask({ model: "claude", output_config, tools, stream: true })).text();
    await expect.poll(() => counted("claude", result)).toBe(before + 1);
  });
});
