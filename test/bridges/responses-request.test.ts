import { describe, expect, it, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { seal } from "../../src/protocol/responses.ts";
import { encode } from "./responses-door.ts";

const messagesFor = (input: unknown, fields: JsonObject = {}) => encode({ input, ...fields }).chat.messages;

describe("fields of a request", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ["a limit", { max_output_tokens: 9 }, { max_tokens: 9 }],
    ["samplers", { temperature: 0.5, top_p: 0.9 }, { temperature: 0.5, top_p: 0.9 }],
    ["effort", { reasoning: { effort: "high", summary: "auto" } }, { reasoning_effort: "high" }],
    ["verbosity", { text: { verbosity: "low" } }, { verbosity: "low" }],
    ["a plain format", { text: { format: { type: "text" } } }, {}],
    ["JSON", { text: { format: { type: "json_object" } } }, { response_format: { type: "json_object" } }],
    [
      "a schema",
      { text: { format: { type: "json_schema", name: "n", strict: true, schema: { type: "object" } } } },
      {
        response_format: { type: "json_schema", json_schema: { name: "n", strict: true, schema: { type: "object" } } },
      },
    ],
    ["logprobs", { top_logprobs: 3 }, { logprobs: true, top_logprobs: 3 }],
    ["logprobs by include", { include: ["message.output_text.logprobs"] }, { logprobs: true }],
    [
      "who asks",
      { user: "u", safety_identifier: "s", prompt_cache_key: "k", service_tier: "flex" },
      { user: "u", safety_identifier: "s", prompt_cache_key: "k", service_tier: "flex" },
    ],
    ["a provider's own field", { top_k: 4 }, { top_k: 4 }],
    ["a stream", { stream: true }, { stream: true, stream_options: { include_usage: true } }],
    ["what the gateway does itself", { store: true, metadata: { a: "b" }, truncation: "disabled" }, {}],
    ["nulls", { temperature: null, tools: null, text: null, reasoning: null, include: null, top_logprobs: null }, {}],
  ])("are told in chat's words: %s", (_, fields, expected) => {
    const { chat, dropped } = encode(fields);
    expect(chat).toEqual({ model: "m", messages: [{ role: "user", content: "hi" }], ...expected });
    expect(dropped).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ["truncation", { truncation: "auto" }],
    ["max_tool_calls", { max_tool_calls: 3 }],
    ["reasoning.summary", { reasoning: { summary: "detailed" } }],
    ["reasoning.mode", { reasoning: { mode: "pro" } }],
    ["include", { include: ["file_search_call.results"] }],
    ["stream_options.include_obfuscation", { stream: true, stream_options: { include_obfuscation: true } }],
    ["context_management", { context_management: [{ type: "compaction" }] }],
    ["tools.web_search", { tools: [{ type: "web_search" }] }],
    ["tools.defer_loading", { tools: [{ type: "function", name: "f", defer_loading: true }] }],
  ])("are named when chat has no form for them: %s", (path, fields) => {
    expect(encode(fields).dropped).toEqual([path]);
  });

  test.each<[string, JsonObject]>([
    ["prompt", { prompt: { id: "pmpt_1" } }],
    ["tool_choice", { tools: [{ type: "web_search" }], tool_choice: { type: "web_search" } }],
    ["tool_choice", { tools: [{ type: "web_search" }], tool_choice: "required" }],
    ["input[0].content[0].file_id", { input: [user({ type: "input_image", file_id: "file-1" })] }],
    ["input[0].content[0].file_url", { input: [user({ type: "input_file", file_url: "https://a.example/b.pdf" })] }],
    ["input[0].content[0].type", { input: [user({ type: "input_video" })] }],
    ["input[0]", { input: [{ type: "computer_call_output", call_id: "c", output: {} }] }],
  ])("refuse the request when leaving them out would change the question: %s", (param, fields) => {
    expect(() => encode(fields)).toThrow(expect.objectContaining({ code: "unsupported", details: { param } }));
  });

  test.each<[string, JsonObject]>([
    ["input[0].role", { input: [{ role: "robot", content: "x" }] }],
    ["input[0].content", { input: [{ role: "user", content: 3 }] }],
    ["input[0].content[0]", { input: [{ role: "user", content: ["x"] }] }],
    ["input[0].call_id", { input: [{ type: "function_call_output", output: "x" }] }],
    ["input[0].name", { input: [{ type: "function_call", call_id: "c", arguments: "{}" }] }],
  ])("are the client's fault when they are wrong: %s", (param, fields) => {
    expect(() => encode(fields)).toThrow(expect.objectContaining({ code: "invalid_request", details: { param } }));
  });
});

function user(...content: JsonObject[]): JsonObject {
  return { role: "user", content };
}

it("a limit has another name for OpenAI's models that reason", () => {
  const target = (model: string) => encode({ max_output_tokens: 9 }, { model }).chat;
  expect(target("openai/gpt-5-mini")).toMatchObject({ max_completion_tokens: 9 });
  expect(target("o3")).not.toHaveProperty("max_tokens");
  expect(target("llama-o1")).toMatchObject({ max_tokens: 9 });
});

describe("tools", () => {
  const parameters = { type: "object", properties: {} };

  it("nest their definitions, and keep a provider's marks", () => {
    const { chat } = encode({
      tools: [
        { type: "function", name: "f", description: "d", parameters, strict: true, cache_control: { type: "x" } },
        { type: "custom", name: "c", format: { type: "grammar", syntax: "lark", definition: "start: A" } },
      ],
      parallel_tool_calls: false,
    });
    expect(chat.tools).toEqual([
      {
        type: "function",
        function: { name: "f", description: "d", parameters, strict: true },
        cache_control: { type: "x" },
      },
      {
        type: "custom",
        custom: { name: "c", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } } },
      },
    ]);
    expect(chat.parallel_tool_calls).toBe(false);
  });

  test.each<[unknown, unknown]>([
    ["required", "required"],
    ["none", "none"],
    [
      { type: "function", name: "f" },
      { type: "function", function: { name: "f" } },
    ],
    [
      { type: "custom", name: "c" },
      { type: "custom", custom: { name: "c" } },
    ],
    [
      { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] },
      {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
      },
    ],
  ])("are chosen as chat has it: %j", (asked, expected) => {
    expect(
      encode({ tools: [{ type: "function", name: "f", parameters }], tool_choice: asked }).chat.tool_choice,
    ).toEqual(expected);
  });

  it("stay when others of OpenAI's own go", () => {
    const { chat, dropped } = encode({ tools: [{ type: "web_search" }, { type: "function", name: "f", parameters }] });
    expect(chat.tools).toHaveLength(1);
    expect(dropped).toEqual(["tools.web_search"]);
  });
});

describe("items", () => {
  it("begin with the instructions, and know no developer", () => {
    const input = [
      { role: "developer", content: "be brief" },
      { role: "user", content: "hi" },
    ];
    expect(messagesFor(input, { instructions: "be kind" })).toEqual([
      { role: "system", content: "be kind" },
      { role: "system", content: "be brief" },
      { role: "user", content: "hi" },
    ]);
  });

  it("keep images, files and audio", () => {
    const audio = { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } };
    const content = [
      { type: "input_text", text: "look" },
      { type: "input_image", image_url: "https://a.example/i.png", detail: "low" },
      { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" },
      audio,
    ];
    expect(messagesFor([{ role: "user", content }])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "https://a.example/i.png", detail: "low" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
          audio,
        ],
      },
    ]);
  });

  it("put thoughts, words and calls in a row into one message, and the results behind it", () => {
    const sealed = {
      thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "sig" }],
      calls: { c1: { extra_content: { google: { thought_signature: "g" } } } },
    };
    const input = [
      { role: "user", content: "weather?" },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "hm" }],
        encrypted_content: seal(sealed),
      },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        content: [{ type: "output_text", text: "I look.", annotations: [] }],
      },
      { type: "function_call", id: "fc_1", call_id: "c1", name: "w", arguments: '{"city":"Oslo"}' },
      { type: "function_call", id: "fc_2", call_id: "c2", name: "w", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "rain" },
      {
        type: "function_call_output",
        call_id: "c2",
        output: [
          { type: "input_text", text: "see" },
          { type: "input_image", image_url: "https://a.example/i.png" },
        ],
      },
    ];
    const [, assistant, ...results] = messagesFor(input) as JsonObject[];
    expect(assistant).toEqual({
      role: "assistant",
      content: "I look.",
      reasoning_content: "hm",
      thinking_blocks: sealed.thinking_blocks,
      tool_calls: [
        {
          id: "c1",
          type: "function",
          function: { name: "w", arguments: '{"city":"Oslo"}' },
          extra_content: { google: { thought_signature: "g" } },
        },
        { id: "c2", type: "function", function: { name: "w", arguments: "{}" } },
      ],
    });
    expect(results).toEqual([
      { role: "tool", tool_call_id: "c1", content: "rain" },
      {
        role: "tool",
        tool_call_id: "c2",
        content: [
          { type: "text", text: "see" },
          { type: "image_url", image_url: { url: "https://a.example/i.png" } },
        ],
      },
    ]);
  });

  it("give signed thoughts to wires that read them, and not to servers that speak chat", () => {
    const sealed = seal({ thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "s" }] });
    const input = [
      { type: "reasoning", summary: [], encrypted_content: sealed },
      { role: "assistant", content: "so" },
    ];
    expect(encode({ input }, { translated: false }).chat.messages).toEqual([{ role: "assistant", content: "so" }]);
    expect(encode({ input }).chat.messages).toMatchObject([{ thinking_blocks: [{ thinking: "hm" }] }]);
  });

  it("name thoughts that another provider sealed, and what OpenAI's own tools did", () => {
    const input = [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAA" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
      { role: "assistant", content: "found" },
    ];
    const { chat, dropped } = encode({ input });
    expect(chat.messages).toEqual([{ role: "assistant", content: "found" }]);
    expect(dropped).toEqual(["input.encrypted_content", "input.web_search_call"]);
  });

  it("keep a refusal apart, and two answers in a row two", () => {
    const input = [
      { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
      { role: "assistant", content: "well" },
    ];
    expect(messagesFor(input)).toEqual([
      { role: "assistant", content: null, refusal: "no" },
      { role: "assistant", content: "well" },
    ]);
  });

  it("may be custom tools' calls", () => {
    const input = [
      { type: "custom_tool_call", call_id: "c", name: "run", input: "1 + 1" },
      { type: "custom_tool_call_output", call_id: "c", output: "2" },
    ];
    expect(messagesFor(input)).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c", type: "custom", custom: { name: "run", input: "1 + 1" } }],
      },
      { role: "tool", tool_call_id: "c", content: "2" },
    ]);
  });
});

describe("a request that goes on from earlier turns", () => {
  const answer = {
    id: "resp_1",
    output: [{ type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "Oslo" }] }],
  };
  const turn = {
    tenant: "t",
    id: "resp_1",
    previous: null,
    provider: "elsewhere",
    input: JSON.stringify([{ role: "user", content: "capital?" }]),
    response: JSON.stringify(answer),
    items: ["msg_1"],
  };

  it("says what was said, without the earlier instructions", () => {
    const conversation = { earlier: [turn], referenced: new Map() };
    const fields = { instructions: "now", input: "population?", previous_response_id: "resp_1" };
    expect(encode(fields, { conversation }).chat).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "now" },
        { role: "user", content: "capital?" },
        { role: "assistant", content: "Oslo" },
        { role: "user", content: "population?" },
      ],
    });
  });

  it("puts items in the places of references to them", () => {
    const item = answer.output[0]!;
    const referenced = new Map([["msg_1", { item, provider: "elsewhere", turn: "resp_1" }]]);
    const input = [
      { role: "user", content: "capital?" },
      { type: "item_reference", id: "msg_1" },
    ];
    const { chat } = encode({ input }, { conversation: { earlier: [], referenced } });
    expect(chat.messages).toEqual([
      { role: "user", content: "capital?" },
      { role: "assistant", content: "Oslo" },
    ]);
  });
});
