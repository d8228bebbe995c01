/** Anthropic's API for its own clients where others serve Claude: at Vertex and at Bedrock. */
import { describe, expect, test } from "vitest";
import { estimatedCount } from "../../src/bridges/count-tokens.ts";
import { messages as bridge } from "../../src/bridges/messages.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { claudeMessages } from "../../src/providers/bedrock/native.ts";
import { vertexAdapters } from "../../src/providers/vertex/adapters.ts";
import { withBridges } from "../../src/routing/bridges.ts";
import { eventStream } from "./anthropic-door.ts";
import { asyncOf, CLAUDE, eventOf } from "./bedrock-door.ts";

const vertex = vertexAdapters({ project: "p", location: "europe-west4", headers: { authorization: "Bearer t" } });
const bedrock = claudeMessages({ headers: { "content-type": "application/json" } });

const targetOf = (model: string) => ({ name: `p/${model}`, provider: "p", model });
const asked = { model: "app", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] };

function requestOf(fields: JsonObject = {}) {
  const body = JsonBody.parse(JSON.stringify({ ...asked, ...fields }), { maxDepth: 64, maxValues: 1000 });
  return { body, model: "app", stream: body.value.stream === true, headers: { "anthropic-beta": "a-1,b-2" } };
}

function encode(adapter: Adapter, model: string, fields: JsonObject = {}) {
  const { path, headers, body } = adapter.encode(requestOf(fields), targetOf(model));
  return { path, headers, body: JSON.parse(String(body)) as JsonObject };
}

async function passed(adapter: Adapter, bytes: readonly Uint8Array[], model: string) {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const context = { request: requestOf({ stream: true }), target: targetOf(model), facts };
  let text = "";
  for await (const frame of adapter.decodeStream!(asyncOf(bytes), context)) text += Buffer.from(frame.bytes).toString();
  return { text, facts };
}

const events = [
  { type: "message_start", message: { id: "m", usage: { input_tokens: 5, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } },
  { type: "message_stop" },
];

describe("at Vertex", () => {
  const model = "claude-sonnet-4-5@20250929";

  test("model and version change places, and nothing else", () => {
    const whole = encode(vertex.messages, model);
    expect(whole.path).toBe(
      "/projects/p/locations/europe-west4/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
    );
    const { model: _, ...rest } = asked;
    expect(whole.body).toEqual({ ...rest, anthropic_version: "vertex-2023-10-16" });
    expect(whole.headers).toMatchObject({ authorization: "Bearer t", "anthropic-beta": "a-1,b-2" });
    expect(encode(vertex.messages, model, { stream: true }).path).toMatch(/:streamRawPredict$/);
  });

  test("a model of its own counts tokens", () => {
    const { path, body } = encode(vertex.count_tokens, model);
    expect(path).toBe("/projects/p/locations/europe-west4/publishers/anthropic/models/count-tokens:rawPredict");
    expect(body).toMatchObject({ model, messages: asked.messages });
  });

  test("streams pass as they come", async () => {
    const bytes = eventStream(...events);
    expect(await passed(vertex.messages, [bytes], model)).toMatchObject({
      text: bytes.toString(),
      facts: { finished: true, usage: { completionTokens: 7 } },
    });
  });

  test("Gemini is asked over chat, and its tokens are estimated", () => {
    const provider = { name: "p", kind: "vertex", adapters: vertex, transport: () => Promise.reject() };
    const { adapters } = withBridges(provider, [bridge], { count_tokens: estimatedCount });
    expect(encode(adapters.messages!, "gemini-2.5-pro").path).toMatch(/gemini-2\.5-pro:generateContent$/);
    expect(encode(adapters.messages!, model).path).toMatch(/:rawPredict$/);
    expect(adapters.count_tokens!.encode(requestOf(), targetOf("gemini-2.5-pro")).answer).toBeDefined();
    expect(adapters.count_tokens!.encode(requestOf(), targetOf(model)).answer).toBeUndefined();
    expect(() => withBridges(provider, []).adapters.messages!.encode(requestOf(), targetOf("gemini-2.5-pro"))).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  });

  test("errors are read in Google's form and in Anthropic's", () => {
    const code = (status: number, body: unknown) => vertex.messages.decodeError(status, JSON.stringify(body), {}).code;
    expect(code(529, { type: "error", error: { type: "overloaded_error", message: "x" } })).toBe("upstream_overloaded");
    expect(code(403, { error: { code: 403, message: "x", status: "PERMISSION_DENIED" } })).toBe("upstream_auth");
  });
});

describe("at Bedrock", () => {
  test("model, stream and features change places, and nothing else", () => {
    const whole = encode(bedrock, CLAUDE);
    expect(whole.path).toBe(`/model/${encodeURIComponent(CLAUDE)}/invoke`);
    const { model: _, ...rest } = asked;
    expect(whole.body).toEqual({ ...rest, anthropic_version: "bedrock-2023-05-31", anthropic_beta: ["a-1", "b-2"] });
    const streamed = encode(bedrock, CLAUDE, { stream: true });
    expect(streamed.path).toMatch(/\/invoke-with-response-stream$/);
    expect(streamed.body).toEqual(whole.body);
  });

  test("only Claude is asked so", () => {
    expect(bedrock.serves?.(CLAUDE)).toBe(true);
    expect(bedrock.serves?.("amazon.nova-lite-v1:0")).toBe(false);
  });

  test("streams are unwrapped to what Anthropic would have sent", async () => {
    const wrapped = events.map((event) => {
      const bytes = Buffer.from(JSON.stringify(event)).toString("base64");
      return eventOf("chunk", { bytes });
    });
    expect(await passed(bedrock, wrapped, CLAUDE)).toMatchObject({
      text: eventStream(...events).toString(),
      facts: { finished: true, usage: { completionTokens: 7 } },
    });
  });
});
