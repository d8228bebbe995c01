import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import {
  chunk,
  completion,
  DONE,
  event,
  eventStream,
  json,
  startUpstream,
  type Upstream,
} from "../support/upstream.ts";

let first: Upstream;
let second: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  first = await startUpstream();
  second = await startUpstream();
  plane = await startTestPlane(`
providers:
  first: { kind: openai-compatible, baseUrl: "${first.url}/v1" }
  second: { kind: openai-compatible, baseUrl: "${second.url}/v1" }
models:
  one: { route: first/x }
  again: { route: { target: first/x, retry: { times: 2, baseDelayMs: 1, maxDelayMs: 2 } } }
  both: { route: { fallback: [first/x, second/y] } }
`);
});
afterAll(async () => {
  await plane.stop();
  await first.close();
  await second.close();
});
beforeEach(() => {
  first.received.length = 0;
  second.received.length = 0;
  second.answer((_, response) => json(response, completion('{"n":2}')));
});

const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const response_format = { type: "json_schema", json_schema: { name: "r", strict: true, schema } };
const tool = (strict: boolean) => ({ type: "function", function: { name: "add", strict, parameters: schema } });

/** The first target writes these, one after another; the last one stays. */
function writes(...answers: (string | Record<string, unknown>)[]): void {
  let at = 0;
  first.answer((_, response) => {
    const answer = answers[Math.min(at++, answers.length - 1)]!;
    json(response, typeof answer === "string" ? completion(answer) : answer);
  });
}

const choice = (message: Record<string, unknown>, finish_reason = "stop") =>
  completion("", { choices: [{ index: 0, message: { role: "assistant", content: null, ...message }, finish_reason }] });
const calling = (text: string, finish_reason = "tool_calls") =>
  choice({ tool_calls: [{ id: "c", type: "function", function: { name: "add", arguments: text } }] }, finish_reason);

describe("a whole answer that promises JSON", () => {
  it("passes byte by byte when it fits", async () => {
    writes('{"n": 1 }');
    const response = await plane.chat({ model: "one", response_format });
    expect([response.status, await response.text()]).toEqual([200, JSON.stringify(completion('{"n": 1 }'))]);
  });

  it("is written again when it does not", async () => {
    writes("Sure! Here it is:", '{"n":"1"}', '{"n":1}');
    const response = await plane.chat({ model: "again", response_format });
    expect([response.status, response.headers.get("x-gatehouse-attempts")]).toEqual([200, "3"]);
  });

  it("is written by another target when the policy has one", async () => {
    writes('{"n":1.5}');
    const response = await plane.chat({ model: "both", response_format });
    expect([response.status, response.headers.get("x-gatehouse-target")]).toEqual([200, "second/y"]);
  });

  it("is an error that says what is wrong when nobody does better, and blames no target", async () => {
    writes('{"n":"secret"}');
    for (let call = 0; call < 30; call++) await plane.chat({ model: "one", response_format });
    const response = await plane.chat({ model: "one", response_format });
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(JSON.parse(text).error).toMatchObject({
      code: "upstream_invalid_response",
      message: "The model's answer does not have the form asked for: choices[0].message.content/n must be integer.",
    });
    expect(text).not.toContain("secret");
    expect(await plane.metric("gatehouse_breaker_state")).toBe(0);
  });

  it.each([
    ["was cut off", choice({ content: '{"n":' }, "length")],
    ["was filtered", choice({ content: "" }, "content_filter")],
    ["was refused", choice({ content: null, refusal: "No." })],
    ["is a tool call", calling("{}")],
  ])("is let be when it %s", async (_, answer) => {
    writes(answer);
    expect((await plane.chat({ model: "one", response_format })).status).toBe(200);
  });

  it.each([
    ["text", "Hello", 200],
    ["json_object", "Hello", 502],
    ["json_object", '{"any":"thing"}', 200],
  ])("of the format %s: %s is %i", async (type, text, status) => {
    writes(text);
    expect((await plane.chat({ model: "one", response_format: { type } })).status).toBe(status);
  });

  it("is not held to a schema that is only a wish, or is none", async () => {
    writes("Hello");
    const wish = { type: "json_schema", json_schema: { name: "r", strict: false, schema } };
    expect((await plane.chat({ model: "one", response_format: wish })).status).toBe(200);
    writes("{}");
    const none = { type: "json_schema", json_schema: { name: "r", schema: { type: "whatever" } } };
    expect((await plane.chat({ model: "one", response_format: none })).status).toBe(200);
    await expect.poll(() => plane.metric("gatehouse_answer_forms_total", { result: "unchecked" })).toBe(1);
  });
});

describe("a call of a strict tool", () => {
  it.each([
    ["fits", true, calling('{"n":1}'), 200],
    ["does not fit", true, calling('{"n":"1"}'), 502],
    ["is no JSON", true, calling("{"), 502],
    ["was cut off", true, calling("{", "length"), 200],
    ["of a tool that is not strict does not fit", false, calling('{"n":"1"}'), 200],
  ])("that %s (strict: %s)", async (_, strict, answer, status) => {
    writes(answer);
    expect((await plane.chat({ model: "one", tools: [tool(strict)] })).status).toBe(status);
  });
});

describe("a stream that promises JSON", () => {
  const streams = (...texts: string[]) =>
    first.answer((_, response) => {
      eventStream(response);
      response.end(texts.map((text) => chunk(text)).join("") + chunk("", "stop") + DONE);
    });
  const counted = (result: string) => plane.metric("gatehouse_answer_forms_total", { model: "one", result });

  it.each([
    ["fits", ['{"n"', ":1", "}"]],
    ["misfits", ["Sure", "!"]],
  ])("%s: that is told in the record, and nothing of it changes", async (result, texts) => {
    streams(...texts);
    const before = await counted(result);
    const response = await plane.chat({ model: "one", stream: true, response_format });
    expect(await response.text()).toBe(texts.map((text) => chunk(text)).join("") + chunk("", "stop") + DONE);
    await expect.poll(() => counted(result)).toBe(before + 1);
  });

  it("of tool calls is put together first", async () => {
    const delta = (call: unknown, finish_reason: string | null = null) =>
      event({ id: "a", choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason }] });
    first.answer((_, response) => {
      eventStream(response);
      response.write(delta({ index: 0, id: "c", type: "function", function: { name: "add", arguments: "" } }));
      for (const part of ['{"n":', '"one"}']) response.write(delta({ index: 0, function: { arguments: part } }));
      response.end(event({ choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] }) + DONE);
    });
    const before = await counted("misfits");
    await (await plane.chat({ model: "one", stream: true, tools: [tool(true)] })).text();
    await expect.poll(() => counted("misfits")).toBe(before + 1);
  });

  it("that was cut off promised nothing", async () => {
    first.answer((_, response) => {
      eventStream(response);
      response.end(chunk('{"n":') + chunk("", "length") + DONE);
    });
    const before = await plane.metric("gatehouse_answer_forms_total");
    await (await plane.chat({ model: "one", stream: true, response_format })).text();
    await expect.poll(() => plane.metric("gatehouse_inflight_requests")).toBe(0);
    expect(await plane.metric("gatehouse_answer_forms_total")).toBe(before);
  });
});
