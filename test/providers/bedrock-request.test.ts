import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { CLAUDE, encode, GPT_OSS, hello, LLAMA, NOVA, NOVA_2, OLD_CLAUDE, QWEN } from "./bedrock-door.ts";

const said = [{ role: "user", content: [{ text: "Hello" }] }];
const parameters = { type: "object", properties: { at: { type: "string" } }, required: ["at"] };
const look = { type: "function", function: { name: "look", description: "Looks.", parameters } };
const look2 = { type: "function", function: { name: "look2" } };
const spec = { toolSpec: { name: "look", description: "Looks.", inputSchema: { json: parameters } } };
const spec2 = { toolSpec: { name: "look2", inputSchema: { json: { type: "object", properties: {} } } } };

describe("the path", () => {
  test.each([
    [NOVA, false, "/model/amazon.nova-lite-v1%3A0/converse"],
    [NOVA, true, "/model/amazon.nova-lite-v1%3A0/converse-stream"],
    [
      "arn:aws:bedrock:eu-west-1:1:inference-profile/x",
      false,
      "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fx/converse",
    ],
  ])("of %s, streamed %s, is %s", (model, stream, path) => {
    expect(encode({ model, stream }).path).toBe(path);
  });

  test("of Claude is InvokeModel's where that is configured, and only of Claude", () => {
    const options = { api: "invoke" } as const;
    expect(encode({ model: CLAUDE }, options).path).toMatch(/\/invoke$/);
    expect(encode({ model: CLAUDE, stream: true }, options).path).toMatch(/\/invoke-with-response-stream$/);
    expect(encode({ model: NOVA }, options).path).toMatch(/\/converse$/);
  });
});

describe("headers", () => {
  test("hold the API key, and what the operator adds", () => {
    const { headers } = encode({}, { apiKey: "bedrock-key", headers: { "x-own": "1" } });
    expect(headers).toMatchObject({ authorization: "Bearer bedrock-key", "x-own": "1" });
    expect(encode({}).headers.authorization).toBeUndefined();
  });
});

describe("limits and samplers", () => {
  test("have Converse's names; nothing is made up", () => {
    expect(encode({ model: NOVA }).body).toEqual({ messages: said });
    const { body, dropped } = encode({
      model: NOVA,
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      stop: "END",
      top_k: 7,
    });
    expect(body).toEqual({
      messages: said,
      inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 0.9, stopSequences: ["END"] },
      additionalModelRequestFields: { inferenceConfig: { topK: 7 } },
    });
    expect(dropped).toEqual([]);
  });

  test("that Converse refuses are cut to what it takes, and named", () => {
    const { body, dropped } = encode({ model: NOVA, temperature: 1.5, max_completion_tokens: 5, stop: ["", "x"] });
    expect(body.inferenceConfig).toEqual({ maxTokens: 5, temperature: 1, stopSequences: ["x"] });
    expect(dropped).toEqual(["temperature", "stop"]);
  });

  test("keep Claude's rules: one sampler, and stop sequences that can be seen", () => {
    const { body, dropped } = encode({ temperature: 0.5, top_p: 0.9, top_k: 3, stop: ["\n", "END"] });
    expect(body.inferenceConfig).toEqual({ temperature: 0.5, stopSequences: ["END"] });
    expect(body.additionalModelRequestFields).toEqual({ top_k: 3 });
    expect(dropped).toEqual(["top_p", "stop"]);
  });
});

describe("reasoning", () => {
  const additional = (chat: JsonObject) => encode(chat).body.additionalModelRequestFields;

  test.each([
    [CLAUDE, "low", { thinking: { type: "enabled", budget_tokens: 1024 } }],
    [CLAUDE, "max", { thinking: { type: "enabled", budget_tokens: 16384 } }],
    [
      "us.anthropic.claude-opus-4-6-v1",
      "high",
      { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "high" } },
    ],
    [GPT_OSS, "high", { reasoning_effort: "high" }],
    [GPT_OSS, "xhigh", { reasoning_effort: "high" }],
    [NOVA_2, "medium", { reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" } }],
  ])("of %s with effort %s", (model, reasoning_effort, expected) => {
    expect(encode({ model, reasoning_effort }).dropped).toEqual([]);
    expect(additional({ model, reasoning_effort })).toEqual(expected);
  });

  test.each([
    [NOVA, "high"],
    [QWEN, "high"],
    [LLAMA, "low"],
    [GPT_OSS, "none"],
  ])("that %s does not know (%s) is named", (model, reasoning_effort) => {
    expect(encode({ model, reasoning_effort }).dropped).toEqual(["reasoning_effort"]);
  });

  test("in Anthropic's own words has the last word", () => {
    const thinking = { type: "enabled", budget_tokens: 2000 };
    expect(additional({ thinking, betas: ["interleaved-thinking-2025-05-14"] })).toEqual({
      thinking,
      anthropic_beta: ["interleaved-thinking-2025-05-14"],
    });
  });

  test("has features that only Claude knows", () => {
    expect(encode({ model: NOVA, betas: ["x"] }).dropped).toEqual(["betas"]);
  });

  test("leaves room for the answer where the client sets a limit", () => {
    expect(encode({ reasoning_effort: "high", max_tokens: 4096 }).body).toMatchObject({
      inferenceConfig: { maxTokens: 4096 },
      additionalModelRequestFields: { thinking: { budget_tokens: 2048 } },
    });
  });
});

describe("tools", () => {
  test.each([
    ["auto", { auto: {} }],
    ["required", { any: {} }],
    [{ type: "function", function: { name: "look" } }, { tool: { name: "look" } }],
    [undefined, undefined],
  ])("with the choice %j", (tool_choice, toolChoice) => {
    const { body, dropped } = encode({ tools: [look, look2], tool_choice });
    expect(body.toolConfig).toEqual({ tools: [spec, spec2], ...(toolChoice ? { toolChoice } : {}) });
    expect(dropped).toEqual([]);
  });

  test("that may not be used are not offered", () => {
    expect(encode({ tools: [look], tool_choice: "none" })).toMatchObject({ body: { messages: said }, dropped: [] });
    expect(encode({ tools: [look], tool_choice: "none" }).body.toolConfig).toBeUndefined();
  });

  test("that are allowed are the only ones offered", () => {
    const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "look2" } }] };
    const { body } = encode({ tools: [look, look2], tool_choice: { type: "allowed_tools", allowed_tools } });
    expect(body.toolConfig).toEqual({ tools: [spec2], toolChoice: { any: {} } });
  });

  test("of the conversation stay where it used them: Bedrock refuses it without", () => {
    const messages = [
      ...hello,
      { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "look", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "a", content: "sunny" },
    ];
    const { toolConfig } = encode({ messages }).body as { toolConfig: { tools: { toolSpec: JsonObject }[] } };
    expect(toolConfig.tools.map(({ toolSpec }) => toolSpec.name)).toEqual(["look"]);
    const none = encode({ messages, tools: [look], tool_choice: "none" });
    expect(none.body.toolConfig).toEqual({ tools: [spec] });
    expect(none.dropped).toEqual(["tool_choice"]);
  });

  test("have marks for the prompt cache, and pass in Converse's own form", () => {
    const systemTool = { systemTool: { name: "nova_grounding" } };
    const { body } = encode({ model: NOVA, tools: [{ ...look, cache_control: { type: "ephemeral" } }, systemTool] });
    expect(body.toolConfig).toEqual({ tools: [spec, { cachePoint: { type: "default" } }, systemTool] });
  });

  test("are strict where the model can be held to it", () => {
    const strict = { ...look, function: { ...look.function, strict: true } };
    expect(encode({ model: QWEN, tools: [strict] }).body.toolConfig).toEqual({
      tools: [{ toolSpec: { ...spec.toolSpec, strict: true } }],
    });
    const closed = { ...parameters, additionalProperties: false };
    expect(encode({ model: CLAUDE, tools: [strict] }).body.toolConfig).toEqual({
      tools: [{ toolSpec: { ...spec.toolSpec, inputSchema: { json: closed }, strict: true } }],
    });
    expect(encode({ model: NOVA, tools: [strict] }).dropped).toEqual(["tools.function.strict"]);
  });

  test("that Converse has no form for are named", () => {
    const tools = [{ type: "custom", custom: { name: "free" } }, look];
    const { dropped } = encode({ tools, parallel_tool_calls: false });
    expect(dropped).toEqual(["tools.custom", "parallel_tool_calls"]);
    expect(encode({ tool_choice: "required" }).dropped).toEqual(["tool_choice"]);
    expect(encode({ tools: [look], tool_choice: "sometimes" }).dropped).toEqual(["tool_choice"]);
  });
});

describe("structured output", () => {
  const schema = { type: "object", properties: { n: { type: "integer", minimum: 1 } }, required: ["n"] };
  const response_format = { type: "json_schema", json_schema: { name: "count", schema, strict: true } };
  const formatIn = (body: JsonObject) => {
    const { textFormat } = body.outputConfig as { textFormat: { structure: { jsonSchema: JsonObject } } };
    const { schema: text, ...about } = textFormat.structure.jsonSchema;
    return { ...about, schema: JSON.parse(String(text)) };
  };

  test("is Converse's own where the model has it", () => {
    const { body, dropped } = encode({ model: QWEN, response_format });
    expect(formatIn(body)).toEqual({ name: "count", schema });
    expect(body.toolConfig).toBeUndefined();
    expect(dropped).toEqual([]);
  });

  test("keeps to the part of the language that Claude is held to", () => {
    const { body, dropped } = encode({ model: CLAUDE, response_format });
    expect(formatIn(body).schema).toMatchObject({ additionalProperties: false });
    expect(dropped).toEqual(["response_format.json_schema.schema.minimum"]);
  });

  test("may be asked for in Anthropic's words", () => {
    const closed = { ...schema, additionalProperties: false, properties: { n: { type: "integer" } } };
    const { body } = encode({ output_config: { effort: "high", format: { type: "json_schema", schema: closed } } });
    expect(formatIn(body)).toEqual({ schema: closed });
    expect(body.additionalModelRequestFields).toEqual({ output_config: { effort: "high" } });
  });

  test.each([NOVA, OLD_CLAUDE])("is a tool that %s must call", (model) => {
    const { body, dropped } = encode({ model, response_format });
    const { tools, toolChoice } = body.toolConfig as { tools: { toolSpec: JsonObject }[]; toolChoice: JsonObject };
    expect(tools.map(({ toolSpec }) => toolSpec.inputSchema)).toEqual([{ json: schema }]);
    expect(toolChoice).toEqual({ tool: { name: tools[0]!.toolSpec.name } });
    expect(dropped).toEqual([]);
  });

  test("stands beside the client's tools: one of them, or the answer", () => {
    const { body } = encode({ model: NOVA, response_format, tools: [look] });
    const { tools, toolChoice } = body.toolConfig as { tools: JsonObject[]; toolChoice: JsonObject };
    expect(tools[0]).toEqual(spec);
    expect(tools).toHaveLength(2);
    expect(toolChoice).toEqual({ any: {} });
  });

  test("gives way to a tool that the client demands", () => {
    const tool_choice = { type: "function", function: { name: "look" } };
    const { body, dropped } = encode({ model: NOVA, response_format, tools: [look], tool_choice });
    expect(body.toolConfig).toEqual({ tools: [spec], toolChoice: { tool: { name: "look" } } });
    // Where a call is demanded there is no content to be held to anything.
    expect(dropped).toEqual([]);
  });

  test("does not let an old Claude think: it cannot be made to call a tool then", () => {
    const { dropped } = encode({
      model: "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
      response_format,
      reasoning_effort: "high",
    });
    expect(dropped).toEqual(["reasoning_effort"]);
  });

  test.each([
    [LLAMA, response_format],
    [LLAMA, { type: "json_object" }],
    [NOVA, { type: "json_schema", json_schema: { name: "list", schema: { type: "array" } } }],
    [NOVA, { type: "yaml" }],
  ])("that %s cannot be held to is named: %j", (model, wanted) => {
    const { body, dropped } = encode({ model, response_format: wanted });
    expect(body).toEqual({ messages: said });
    expect(dropped).toEqual(["response_format"]);
  });

  test("stands back where Claude thinks, or the client has a tool of that name", () => {
    const json = { response_format: { type: "json_object" } };
    const thinking = { type: "enabled", budget_tokens: 2000 };
    expect(encode({ ...json, model: CLAUDE, thinking }).dropped).toEqual(["response_format"]);
    const tools = [{ type: "function", function: { name: "answer_in_json" } }];
    expect(encode({ ...json, model: NOVA, tools }).dropped).toEqual(["response_format"]);
  });

  test.each([NOVA, CLAUDE])("of any shape is a tool that %s must call", (model) => {
    const { body, dropped } = encode({ model, response_format: { type: "json_object" } });
    expect(body.toolConfig).toMatchObject({ toolChoice: { tool: { name: "answer_in_json" } } });
    expect(dropped).toEqual([]);
  });

  test("of any shape is a schema of any object", () => {
    const { body, dropped } = encode({ model: QWEN, response_format: { type: "json_object" } });
    expect(formatIn(body)).toEqual({ schema: { type: "object", additionalProperties: true } });
    expect(dropped).toEqual([]);
    expect(encode({ response_format: { type: "text" } }).body).toEqual({ messages: said });
  });
});

describe("other fields", () => {
  test("of OpenAI's have Converse's form where there is one", () => {
    const { body, dropped } = encode({ service_tier: "flex", metadata: { ticket: "A-1" } });
    expect(body).toEqual({ messages: said, serviceTier: { type: "flex" }, requestMetadata: { ticket: "A-1" } });
    expect(dropped).toEqual([]);
    expect(encode({ service_tier: "auto" }).body).toEqual({ messages: said });
  });

  test("tell Claude who the user is, and nobody else", () => {
    const told = { metadata: { user_id: "u" } };
    expect(encode({ user: "u" }).body.additionalModelRequestFields).toEqual(told);
    expect(encode(told)).toMatchObject({ body: { additionalModelRequestFields: told }, dropped: [] });
    expect(encode({ user: "u", safety_identifier: "s" }).dropped).toEqual(["safety_identifier"]);
    expect(encode({ model: NOVA, user: "u" }).dropped).toEqual(["user"]);
  });

  test("of OpenAI's without one are named", () => {
    const { body, dropped } = encode({
      model: QWEN,
      n: 2,
      seed: 1,
      logprobs: true,
      logit_bias: { 1: 1 },
      presence_penalty: 1,
      frequency_penalty: 1,
      user: 7,
      safety_identifier: "s",
      service_tier: "scale",
      store: true,
      metadata: { note: "naïve" },
      prediction: {},
    });
    expect(body).toEqual({ messages: said });
    expect(new Set(dropped)).toEqual(
      new Set([
        "n",
        "seed",
        "logprobs",
        "logit_bias",
        "presence_penalty",
        "frequency_penalty",
        "user",
        "safety_identifier",
        "service_tier",
        "store",
        "metadata",
        "prediction",
      ]),
    );
  });

  test("that ask for nothing are left out in silence", () => {
    const { body, dropped } = encode({ n: 1, logprobs: false, store: false, presence_penalty: 0, seed: null });
    expect(body).toEqual({ messages: said });
    expect(dropped).toEqual([]);
  });

  test("of Converse's own pass, and win", () => {
    const own = {
      guardrailConfig: { guardrailIdentifier: "g", guardrailVersion: "1", trace: "enabled" },
      performanceConfig: { latency: "optimized" },
      serviceTier: { type: "reserved" },
      requestMetadata: { team: "x" },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
    };
    const { body, dropped } = encode({
      ...own,
      max_tokens: 5,
      inferenceConfig: { topP: 0.5 },
      additionalModelRequestFields: { own: 1 },
      service_tier: "flex",
    });
    expect(body).toEqual({
      ...own,
      messages: said,
      inferenceConfig: { maxTokens: 5, topP: 0.5 },
      additionalModelRequestFields: { own: 1 },
    });
    expect(dropped).toEqual([]);
  });

  test("that nobody knows are the model's", () => {
    const { body, dropped } = encode({ model: QWEN, min_p: 0.1, top_k: 4 });
    expect(body.additionalModelRequestFields).toEqual({ min_p: 0.1, top_k: 4 });
    expect(dropped).toEqual([]);
  });
});

describe("Claude by InvokeModel", () => {
  const invoke = (chat: JsonObject) => encode(chat, { api: "invoke" });

  test("is asked in Anthropic's words: the version inside, model and stream outside", () => {
    const { body } = invoke({
      stream: true,
      betas: ["context-1m-2025-08-07"],
      parallel_tool_calls: false,
      tools: [look],
    });
    expect(body).toEqual({
      anthropic_version: "bedrock-2023-05-31",
      anthropic_beta: ["context-1m-2025-08-07"],
      max_tokens: 4096,
      messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
      tools: [{ name: "look", description: "Looks.", input_schema: parameters }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    });
  });
});
