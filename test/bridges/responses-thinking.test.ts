import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { eventStream, json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream();
  plane = await startTestPlane(`
providers:
  claude: { kind: anthropic, baseUrl: "${upstream.url}", apiKey: key }
  gemini: { kind: gemini, baseUrl: "${upstream.url}", apiKey: key }
models: { claude: { route: claude/claude-sonnet-4-5 }, gemini: { route: gemini/gemini-3-pro } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const tools = [{ type: "function", name: "weather", parameters: { type: "object", properties: {} } }];
const question = { role: "user", content: "Weather?" };
const result = (call: JsonObject) => ({ type: "function_call_output", call_id: call.call_id, output: "rain" });

/** The answer, whole or put together from its last event. */
async function ask(fields: JsonObject): Promise<JsonObject> {
  const reply = await fetch(`${plane.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ tools, ...fields }),
  });
  const text = await reply.text();
  expect(reply.status, text).toBe(200);
  if (fields.stream !== true) return JSON.parse(text);
  const last = text.trim().split("\n").at(-1)!;
  return JSON.parse(last.slice("data: ".length)).response;
}

const outputOf = ({ output }: JsonObject) => output as JsonObject[];
const callIn = (answer: JsonObject) => outputOf(answer).find(({ type }) => type === "function_call")!;
const sent = () => JSON.parse(upstream.received.at(-1)!.body);

const thinking = { type: "thinking", thinking: "I should look.", signature: "c2lnbmVk" };
const redacted = { type: "redacted_thinking", data: "b3BhcXVl" };
const toolUse = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } };
const usage = { input_tokens: 5, output_tokens: 7 };

function claude(streamed: boolean): void {
  upstream.answer((_, response) => {
    if (!streamed) {
      const content = [thinking, redacted, { type: "text", text: "Let me see." }, toolUse];
      return json(response, {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude",
        content,
        stop_reason: "tool_use",
        usage,
      });
    }
    const blocks = [
      [
        { ...thinking, thinking: "", signature: "" },
        { type: "thinking_delta", thinking: thinking.thinking },
        { type: "signature_delta", signature: thinking.signature },
      ],
      [redacted],
      [
        { type: "text", text: "" },
        { type: "text_delta", text: "Let me see." },
      ],
      [
        { ...toolUse, input: {} },
        { type: "input_json_delta", partial_json: '{"city":"Oslo"}' },
      ],
    ];
    const events = [
      { type: "message_start", message: { id: "msg_1", model: "claude", usage } },
      ...blocks.flatMap(([content_block, ...deltas], index) => [
        { type: "content_block_start", index, content_block },
        ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
        { type: "content_block_stop", index },
      ]),
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage },
      { type: "message_stop" },
    ];
    eventStream(response);
    response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
  });
}

describe.each([false, true])("a tool loop with thinking (streamed: %s)", (stream) => {
  it.each(["by the answer's id", "by its items"])("gives Claude its signed thoughts back, %s", async (how) => {
    claude(stream);
    const first = await ask({ model: "claude", input: [question], reasoning: { effort: "low" }, stream });
    expect(outputOf(first).map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
    expect(outputOf(first)[0]).toMatchObject({ summary: [{ type: "summary_text", text: thinking.thinking }] });
    const added = [result(callIn(first))];
    const goOn =
      how === "by its items"
        ? { input: [question, ...outputOf(first), ...added] }
        : { input: added, previous_response_id: first.id };
    await ask({ model: "claude", stream, ...goOn });
    expect(sent().messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [thinking, redacted, { type: "text", text: "Let me see." }, toolUse] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1" }] },
    ]);
  });

  it("gives Gemini the signatures of its calls back", async () => {
    const functionCall = { name: "weather", args: { city: "Oslo" } };
    const parts = [{ functionCall, thoughtSignature: "c2lnbmVk" }];
    const answer = {
      candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 },
      modelVersion: "gemini-3-pro",
    };
    upstream.answer((_, response) => {
      if (!stream) return json(response, answer);
      eventStream(response);
      response.end(`data: ${JSON.stringify(answer)}\r\n\r\n`);
    });
    const first = await ask({ model: "gemini", input: [question], stream });
    await ask({ model: "gemini", input: [result(callIn(first))], previous_response_id: first.id, stream });
    const [, said] = sent().contents;
    expect(said.parts).toMatchObject([{ functionCall, thoughtSignature: "c2lnbmVk" }]);
  });
});
