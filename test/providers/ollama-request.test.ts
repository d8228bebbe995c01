import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { ollama } from "../../src/providers/ollama.ts";
import { chat, embeddings } from "./ollama-door.ts";
import { doorTo } from "./wire-door.ts";

/** What is sent of the fields a chat has beside its messages, and what is named as dropped. */
function fields(asked: JsonObject): { sent: JsonObject; dropped: readonly string[] } {
  const { body, dropped } = chat.encode(asked);
  const { model: _, messages: _messages, stream: _stream, ...sent } = body;
  return { sent, dropped };
}

const hello = [{ role: "user", content: "Hello" }];

test("a chat goes to /api/chat and says whether it streams: Ollama would do so unasked", () => {
  expect(chat.encode({})).toMatchObject({
    path: "/api/chat",
    body: { model: "llama3.2", stream: false, messages: hello },
  });
  expect(chat.encode({}).headers).not.toHaveProperty("authorization");
  expect(chat.encode({ stream: true }).body).toMatchObject({ stream: true });
  const cloud = doorTo(ollama({ apiKey: "k", headers: { "x-a": "b" } }).chat, { model: "m", messages: hello });
  expect(cloud.encode({}).headers).toMatchObject({ authorization: "Bearer k", "x-a": "b" });
});

describe("fields", () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{ max_tokens: 9 }, { options: { num_predict: 9 } }, []],
    [{ max_tokens: 9, max_completion_tokens: 7 }, { options: { num_predict: 7 } }, []],
    [{ temperature: 0, top_p: 0.5, seed: 4 }, { options: { temperature: 0, top_p: 0.5, seed: 4 } }, []],
    [{ top_k: 5, min_p: 0.1, num_ctx: 8192 }, { options: { top_k: 5, min_p: 0.1, num_ctx: 8192 } }, []],
    [{ stop: "a" }, { options: { stop: ["a"] } }, []],
    [{ stop: ["a", "b"], presence_penalty: 1 }, { options: { presence_penalty: 1, stop: ["a", "b"] } }, []],
    [
      { temperature: 0.5, options: { temperature: 0.7, num_ctx: 99 } },
      { options: { temperature: 0.7, num_ctx: 99 } },
      [],
    ],
    [{ temperature: null, stop: null }, {}, []],
    [{ keep_alive: "5m", truncate: false, shift: false }, { keep_alive: "5m", truncate: false, shift: false }, []],
    [{ logprobs: true, top_logprobs: 2 }, { logprobs: true, top_logprobs: 2 }, []],
    [{ response_format: { type: "text" } }, {}, []],
    [{ response_format: { type: "json_object" } }, { format: "json" }, []],
    [
      { response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } } },
      { format: { type: "object" } },
      [],
    ],
    [{ response_format: { type: "grammar" } }, {}, ["response_format"]],
    [{ format: "json" }, { format: "json" }, []],
    [{ n: 1, store: false, service_tier: "auto", parallel_tool_calls: true }, {}, []],
    [{ n: 2, user: "u", logit_bias: { 1: 2 }, field_of_2030: 1 }, {}, ["n", "user", "logit_bias", "field_of_2030"]],
  ])("%j is %j", (asked, sent, dropped) => {
    expect(fields(asked)).toEqual({ sent, dropped });
  });

  test("the configuration's context holds where the request sets none", () => {
    const wide = doorTo(ollama({ contextTokens: 32_768 }).chat, { model: "m", messages: hello });
    expect(wide.encode({ seed: 1 }).body.options).toEqual({ num_ctx: 32_768, seed: 1 });
    expect(wide.encode({ options: { num_ctx: 512 } }).body.options).toEqual({ num_ctx: 512 });
  });
});

describe("thinking", () => {
  test.each<[string, string, unknown, string[]]>([
    ["qwen3", "none", false, []],
    ["qwen3", "high", true, ["reasoning_effort"]],
    ["qwen3", "low", true, ["reasoning_effort"]],
    ["gpt-oss:20b", "low", "low", []],
    ["gpt-oss:20b", "medium", "medium", []],
    ["gpt-oss:20b", "high", "high", []],
    ["gpt-oss:20b", "none", "low", ["reasoning_effort"]],
    ["gpt-oss:20b", "minimal", "low", ["reasoning_effort"]],
    ["gpt-oss:20b", "xhigh", "high", ["reasoning_effort"]],
    ["qwen3", "a lot", undefined, ["reasoning_effort"]],
  ])("%s with effort %s thinks: %s", (model, reasoning_effort, think, dropped) => {
    expect(fields({ model, reasoning_effort })).toEqual({ sent: think === undefined ? {} : { think }, dropped });
  });

  test("Ollama's own word is the last one", () => {
    expect(fields({ think: false })).toEqual({ sent: { think: false }, dropped: [] });
    expect(fields({ think: true, reasoning_effort: "none" })).toEqual({
      sent: { think: true },
      dropped: ["reasoning_effort"],
    });
  });
});

describe("tools", () => {
  const f = { type: "function", function: { name: "f", description: "d", parameters: { type: "object" } } };
  const g = { type: "function", function: { name: "g", parameters: { type: "object" } } };
  const named = (name: string) => ({ type: "function", function: { name } });

  test.each<[JsonObject, JsonObject, string[]]>([
    [{ tools: [f, g] }, { tools: [f, g] }, []],
    [{ tools: [f], tool_choice: "auto" }, { tools: [f] }, []],
    [{ tools: [f], tool_choice: "none" }, {}, []],
    [{ tools: [f], tool_choice: "required" }, { tools: [f] }, ["tool_choice"]],
    [{ tools: [f, g], tool_choice: named("g") }, { tools: [g] }, ["tool_choice"]],
    [
      { tools: [f, g], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [named("f")] } } },
      { tools: [f] },
      [],
    ],
    [{ tools: [f], parallel_tool_calls: false }, { tools: [f] }, ["parallel_tool_calls"]],
    [{ tools: [{ ...f, function: { ...f.function, strict: true } }] }, { tools: [f] }, ["tools.function.strict"]],
    [{ tools: [{ type: "custom", custom: { name: "c" } }] }, {}, ["tools.custom"]],
    [{ tools: [{ ...f, cache_control: {} }] }, { tools: [f] }, ["tools.cache_control"]],
    [{ tools: [] }, {}, []],
  ])("%j is %j", (asked, sent, dropped) => {
    expect(fields(asked)).toEqual({ sent, dropped });
  });
});

describe("messages", () => {
  const sent = (messages: readonly JsonObject[]) => {
    const { body, text, dropped } = chat.encode({ messages });
    return { messages: body.messages as JsonObject[], text, dropped };
  };
  const user = (content: unknown): JsonObject => ({ role: "user", content });

  test("calls have objects for arguments, results name the function", () => {
    const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"id":12345678901234567890}' } };
    const { messages, text } = sent([
      { role: "developer", content: "Be brief." },
      user("?"),
      { role: "assistant", content: null, reasoning_content: "hm", tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "1" }] },
    ]);
    expect(text).toContain('{"name":"f","arguments":{"id":12345678901234567890}}');
    expect(messages[0]).toEqual({ role: "system", content: "Be brief." });
    expect(messages[2]).toMatchObject({ role: "assistant", content: "", thinking: "hm", tool_calls: [{ id: "c1" }] });
    expect(messages[3]).toEqual({ role: "tool", content: "1", tool_name: "f", tool_call_id: "c1" });
  });

  test.each([
    ["", {}],
    ["[1]", { invalid_json: "[1]" }],
    ['{"a":', { invalid_json: '{"a":' }],
    [{ a: 1 }, { a: 1 }],
  ])("arguments %j are %j", (given, expected) => {
    const calls = [{ id: "c", type: "function", function: { name: "f", arguments: given } }];
    const { messages } = sent([user("?"), { role: "assistant", tool_calls: calls }]);
    expect(messages[1]!.tool_calls).toEqual([{ id: "c", function: { name: "f", arguments: expected } }]);
  });

  test("texts become one, images stand beside it", () => {
    const image = (url: string, more: JsonObject = {}) => ({ type: "image_url", image_url: { url, ...more } });
    const file = { type: "file", file: { file_data: "data:image/jpeg;base64,/9j/" } };
    const parts = [
      { type: "text", text: "One" },
      image("data:image/png;base64,iVBORw0KGgo="),
      { type: "text", text: "two" },
      file,
      image("data:image/png;base64,AAAA", { detail: "high" }),
    ];
    expect(sent([user(parts)])).toMatchObject({
      messages: [{ role: "user", content: "One\ntwo", images: ["iVBORw0KGgo=", "/9j/", "AAAA"] }],
      dropped: ["messages.content.image_url.detail"],
    });
  });

  test("a refusal is what was said; what has no place there is named", () => {
    const answer = {
      role: "assistant",
      content: null,
      refusal: "No.",
      annotations: [{}],
      thinking_blocks: [{}],
      audio: { id: "a" },
    };
    expect(sent([{ ...user("?"), name: "ann", cache_control: {} }, answer])).toMatchObject({
      messages: [{}, { role: "assistant", content: "No." }],
      dropped: ["messages.name", "messages.cache_control", "messages.audio", "messages.thinking_blocks"],
    });
  });

  test.each([
    [user([{ type: "image_url", image_url: { url: "https://img.example/a.png" } }]), "unsupported"],
    [user([{ type: "file", file: { file_id: "f" } }]), "unsupported"],
    [user([{ type: "input_audio", input_audio: { data: "", format: "wav" } }]), "unsupported"],
    [{ role: "function", name: "f", content: "x" }, "unsupported"],
    [{ role: "critic", content: "x" }, "invalid_request"],
    [{ role: "tool", content: "x" }, "invalid_request"],
    [user([{ text: "no type" }]), "invalid_request"],
    [user(7), "invalid_request"],
  ])("%j is %s", (message, code) => {
    expect(() => sent([message as JsonObject])).toThrow(expect.objectContaining({ code }));
  });
});

test("embeddings go to /api/embed, and what Ollama would pass over is named", () => {
  const asked = { input: ["a", "b"], dimensions: 64, truncate: false, encoding_format: "base64", user: "u" };
  expect(embeddings.encode(asked)).toMatchObject({
    path: "/api/embed",
    body: { model: "nomic-embed-text", input: ["a", "b"], dimensions: 64, truncate: false },
    dropped: ["user"],
  });
  expect(() => embeddings.encode({ input: [1] })).toThrow(expect.objectContaining({ code: "unsupported" }));
});
