import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { adapterWith, encode, fixture, hello, jsonFixture, requestOf, targetOf } from "./anthropic-door.ts";

/** What a chat that says hello carries besides its conversation. */
function fieldsOf(chat: JsonObject) {
  const { body, dropped } = encode(chat);
  const { messages: _, model: __, ...fields } = body;
  return { fields, dropped };
}

function dropsOf(chat: JsonObject): readonly string[] {
  return encode(chat).dropped;
}

describe("a request", () => {
  test("goes to the Messages API with everything translated", () => {
    const request = requestOf(JSON.parse(fixture("request.chat.json").toString()));
    const sent = adapterWith().encode(request, targetOf("claude-sonnet-4-5"));
    expect(JSON.parse(String(sent.body))).toEqual(jsonFixture("request.messages.json"));
    expect(sent).toMatchObject({ method: "POST", path: "/v1/messages", dropped: [] });
  });

  test("carries key, version and the operator's headers", () => {
    expect(encode({}, { headers: { "x-team": "a" } }).headers).toMatchObject({
      "x-api-key": "sk-ant-test",
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
      "x-team": "a",
    });
    expect(encode({}, { apiKey: undefined }).headers).not.toHaveProperty("x-api-key");
    expect(encode({}, { version: "2030-01-01" }).headers).toMatchObject({ "anthropic-version": "2030-01-01" });
  });

  test("names beta features in a header, the operator's first", () => {
    const headers = { "anthropic-beta": "one" };
    const sent = encode({ betas: ["two", "three"] }, { headers });
    expect(sent.headers["anthropic-beta"]).toBe("one,two,three");
    expect(sent.body).not.toHaveProperty("betas");
    expect(encode({ betas: ["fine", "a\r\nx-evil: 1"] })).toMatchObject({
      headers: { "anthropic-beta": "fine" },
      dropped: ["betas"],
    });
  });

  test("passes Anthropic's own fields and fields nobody knows", () => {
    const own = {
      thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" },
      container: "c-1",
      mcp_servers: [{ type: "url", url: "https://mcp.example" }],
      cache_control: { type: "ephemeral" },
      context_management: { edits: [] },
      invented_in_2030: true,
    };
    const { fields, dropped } = fieldsOf(own);
    expect(fields).toEqual({ max_tokens: 4096, ...own });
    expect(dropped).toEqual([]);
  });
});

describe("limits and samplers", () => {
  test("max_completion_tokens comes before max_tokens, and both before the default", () => {
    expect(fieldsOf({ max_completion_tokens: 5, max_tokens: 7 }).fields.max_tokens).toBe(5);
    expect(fieldsOf({ max_completion_tokens: null, max_tokens: 7 }).fields.max_tokens).toBe(7);
    expect(fieldsOf({}).fields.max_tokens).toBe(4096);
    expect(encode({}, { defaultMaxTokens: 99 }).body.max_tokens).toBe(99);
  });

  test("a temperature above Anthropic's range becomes 1 and is named", () => {
    expect(fieldsOf({ temperature: 1.4 })).toEqual({
      fields: { max_tokens: 4096, temperature: 1 },
      dropped: ["temperature"],
    });
    expect(fieldsOf({ temperature: 0 })).toEqual({ fields: { max_tokens: 4096, temperature: 0 }, dropped: [] });
  });

  test.each([
    ["claude-sonnet-4-20250514", { temperature: 0.5, top_p: 0.9 }, []],
    ["some-other-model", { temperature: 0.5, top_p: 0.9 }, []],
    ["claude-opus-4-1-20250805", { temperature: 0.5 }, ["top_p"]],
    ["claude-sonnet-4-6", { temperature: 0.5 }, ["top_p"]],
    ["claude-opus-4-7", {}, ["temperature", "top_p"]],
    ["claude-sonnet-5", {}, ["temperature", "top_p"]],
  ])("%s gets the samplers it accepts", (model, kept, dropped) => {
    const sent = encode({ model, temperature: 0.5, top_p: 0.9 });
    expect(sent).toMatchObject({ body: kept, dropped });
    expect(Object.keys(sent.body)).toHaveLength(3 + Object.keys(kept).length);
  });

  test("a sampler at its default is no loss", () => {
    expect(encode({ model: "claude-sonnet-5", temperature: 1, top_p: 1 })).toMatchObject({ dropped: [] });
    expect(encode({ temperature: 1, top_p: 0.5 })).toMatchObject({ body: { top_p: 0.5 }, dropped: [] });
    expect(encode({ temperature: 0.3, top_p: 1 })).toMatchObject({ body: { temperature: 0.3 }, dropped: [] });
  });

  test("stop sequences need a visible character", () => {
    expect(fieldsOf({ stop: "END" }).fields.stop_sequences).toEqual(["END"]);
    expect(fieldsOf({ stop: ["\n\n", "END", ""] })).toMatchObject({
      fields: { stop_sequences: ["END"] },
      dropped: ["stop"],
    });
    expect(fieldsOf({ stop: " " })).toEqual({ fields: { max_tokens: 4096 }, dropped: ["stop"] });
    expect(fieldsOf({ stop: null })).toEqual({ fields: { max_tokens: 4096 }, dropped: [] });
    expect(fieldsOf({ stop: [7] })).toEqual({ fields: { max_tokens: 4096 }, dropped: ["stop"] });
  });
});

describe("who asks, and how", () => {
  test("the user becomes metadata.user_id, unless Anthropic's own field says otherwise", () => {
    expect(fieldsOf({ user: "u" }).fields.metadata).toEqual({ user_id: "u" });
    expect(fieldsOf({ safety_identifier: "s" }).fields.metadata).toEqual({ user_id: "s" });
    expect(fieldsOf({ user: "u", metadata: { user_id: "m" } }).fields.metadata).toEqual({ user_id: "m" });
    expect(fieldsOf({ metadata: { batch: "7" } })).toEqual({ fields: { max_tokens: 4096 }, dropped: ["metadata"] });
  });

  test("service tiers are translated where there is a translation", () => {
    expect(fieldsOf({ service_tier: "default" }).fields.service_tier).toBe("standard_only");
    expect(fieldsOf({ service_tier: "auto" }).fields.service_tier).toBe("auto");
    expect(fieldsOf({ service_tier: "flex" })).toEqual({ fields: { max_tokens: 4096 }, dropped: ["service_tier"] });
  });

  test("a stream is asked for only when wanted", () => {
    expect(fieldsOf({ stream: true, stream_options: { include_usage: true } })).toEqual({
      fields: { max_tokens: 4096, stream: true },
      dropped: [],
    });
    expect(fieldsOf({ stream: false }).fields).not.toHaveProperty("stream");
  });

  test("every field of OpenAI's without a form at Anthropic is named", () => {
    const asked = {
      n: 3,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { 50256: -100 },
      seed: 42,
      presence_penalty: 0.1,
      frequency_penalty: -0.2,
      audio: { voice: "alloy", format: "mp3" },
      modalities: ["text", "audio"],
      prediction: { type: "content", content: "x" },
      web_search_options: {},
      store: true,
      verbosity: "low",
      prompt_cache_key: "k",
      prompt_cache_retention: "24h",
      functions: [{ name: "f" }],
      function_call: "auto",
    };
    const { fields, dropped } = fieldsOf(asked);
    expect(fields).toEqual({ max_tokens: 4096 });
    expect([...dropped].sort()).toEqual(Object.keys(asked).sort());
  });

  test("asking for nothing is not named", () => {
    const nothing = {
      n: 1,
      logprobs: false,
      top_logprobs: null,
      logit_bias: {},
      seed: null,
      presence_penalty: 0,
      frequency_penalty: 0,
      modalities: ["text"],
      store: false,
      audio: null,
      response_format: { type: "text" },
      tool_choice: "auto",
      parallel_tool_calls: true,
      verbosity: "medium",
    };
    expect(fieldsOf(nothing)).toEqual({ fields: { max_tokens: 4096 }, dropped: [] });
  });
});

describe("reasoning effort", () => {
  test.each([
    ["minimal", 1024, 4096],
    ["low", 1024, 4096],
    ["medium", 2048, 4096],
    ["high", 4096, 8192],
    ["xhigh", 8192, 16384],
    ["max", 16384, 32768],
  ])(
    "%s is a budget of %i tokens to models up to 4.5, and leaves as much again for the answer",
    (effort, budget, limit) => {
      expect(encode({ reasoning_effort: effort })).toMatchObject({
        body: { thinking: { type: "enabled", budget_tokens: budget }, max_tokens: limit },
        dropped: [],
      });
    },
  );

  test("a budget takes at most half of the client's own limit", () => {
    expect(encode({ reasoning_effort: "high", max_tokens: 3000 }).body).toMatchObject({
      thinking: { budget_tokens: 1500 },
      max_tokens: 3000,
    });
    expect(encode({ reasoning_effort: "high", max_tokens: 1500 }).body).toMatchObject({
      thinking: { budget_tokens: 1024 },
    });
    expect(fieldsOf({ reasoning_effort: "high", max_tokens: 1024 })).toEqual({
      fields: { max_tokens: 1024 },
      dropped: ["reasoning_effort"],
    });
  });

  test.each([
    ["claude-opus-4-6", "high", "high"],
    ["claude-opus-4-6", "xhigh", "max"],
    ["claude-opus-4-7", "xhigh", "xhigh"],
    ["claude-sonnet-5-5", "minimal", "low"],
    ["claude-fable-5", "max", "max"],
    ["claude-opus-latest", "medium", "medium"],
  ])("%s gets %s as an effort of its own", (model, effort, sent) => {
    expect(encode({ model, reasoning_effort: effort })).toMatchObject({
      body: {
        thinking: { type: "adaptive", display: "summarized" },
        output_config: { effort: sent },
        max_tokens: 4096,
      },
      dropped: [],
    });
  });

  test.each([
    ["claude-haiku-4-5", {}, []],
    ["claude-opus-4-7", {}, []],
    ["claude-sonnet-5", { thinking: { type: "disabled" } }, []],
    ["claude-opus-5-5", { output_config: { effort: "low" } }, ["reasoning_effort"]],
  ])("%s is told not to think as far as it can be", (model, told, dropped) => {
    const { body, ...sent } = encode({ model, reasoning_effort: "none" });
    const { messages: _, model: __, max_tokens: ___, ...fields } = body;
    expect({ fields, dropped: sent.dropped }).toEqual({ fields: told, dropped });
  });

  test("fields that exclude thinking give way, or thinking does", () => {
    expect(encode({ reasoning_effort: "low", temperature: 0.2, top_k: 5, top_p: 0.5 })).toMatchObject({
      body: { thinking: { type: "enabled" } },
      dropped: ["temperature", "top_p", "top_k"],
    });
    const tools = [{ type: "function", function: { name: "f" } }];
    const forced = encode({ reasoning_effort: "low", tools, tool_choice: "required" });
    expect(forced).toMatchObject({ body: { tool_choice: { type: "any" } }, dropped: ["reasoning_effort"] });
    expect(forced.body).not.toHaveProperty("thinking");
  });

  test("the client's own `thinking` has the last word", () => {
    const thinking = { type: "enabled", budget_tokens: 1500 };
    expect(encode({ thinking, reasoning_effort: "high" })).toMatchObject({
      body: { thinking },
      dropped: ["reasoning_effort"],
    });
    const adaptive = { type: "adaptive", display: "omitted" };
    expect(encode({ model: "claude-sonnet-5", thinking: adaptive, reasoning_effort: "high" })).toMatchObject({
      body: { thinking: adaptive, output_config: { effort: "high" } },
      dropped: [],
    });
    expect(dropsOf({ reasoning_effort: "enormous" })).toEqual(["reasoning_effort"]);
  });
});

describe("a response format", () => {
  const schema = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };

  test("with a schema becomes output_config.format", () => {
    const response_format = { type: "json_schema", json_schema: { name: "r", strict: true, schema } };
    expect(fieldsOf({ response_format })).toEqual({
      fields: { max_tokens: 4096, output_config: { format: { type: "json_schema", schema } } },
      dropped: [],
    });
  });

  test("stands beside an effort, and the client's own output_config wins", () => {
    const response_format = { type: "json_schema", json_schema: { name: "r", schema } };
    const chat = {
      model: "claude-sonnet-5",
      response_format,
      reasoning_effort: "low",
      output_config: { effort: "max" },
    };
    expect(encode(chat).body.output_config).toEqual({ effort: "max", format: { type: "json_schema", schema } });
  });

  test("is named where it cannot be had", () => {
    expect(dropsOf({ response_format: { type: "grammar" } })).toEqual(["response_format"]);
    expect(dropsOf({ response_format: { type: "json_schema", json_schema: { name: "r" } } })).toEqual([
      "response_format",
    ]);
  });

  test("brings its description along, unless the schema has one", () => {
    const formatOf = (described: JsonObject) =>
      encode({
        response_format: {
          type: "json_schema",
          json_schema: { name: "r", description: "A result", schema: described },
        },
      }).body.output_config;
    expect(formatOf(schema)).toEqual({
      format: { type: "json_schema", schema: { ...schema, description: "A result" } },
    });
    const own = { ...schema, description: "Mine" };
    expect(formatOf(own)).toEqual({ format: { type: "json_schema", schema: own } });
  });

  test("keeps what can be enforced and turns the rest into a hint", () => {
    const rich = {
      type: "object",
      properties: {
        minimum: { type: "integer", minimum: 1, maximum: 9, description: "How many" },
        mail: { type: "string", format: "email", minLength: 3 },
        list: { type: "array", minItems: 2, items: { oneOf: [{ type: "object" }, { type: "null" }] } },
      },
      $defs: { map: { type: "object", additionalProperties: { type: "string" } } },
    };
    const sent = encode({ response_format: { type: "json_schema", json_schema: { name: "r", schema: rich } } });
    expect(sent.body.output_config).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: {
            minimum: { type: "integer", description: "How many (minimum 1, maximum 9)" },
            mail: { type: "string", format: "email", description: "(minLength 3)" },
            list: {
              type: "array",
              items: { anyOf: [{ type: "object", additionalProperties: false }, { type: "null" }] },
              description: "(minItems 2)",
            },
          },
          $defs: { map: { type: "object", additionalProperties: { type: "string" } } },
          additionalProperties: false,
        },
      },
    });
    const names = ["minimum", "maximum", "minLength", "minItems"];
    expect(sent.dropped).toEqual(names.map((name) => `response_format.json_schema.schema.${name}`));
  });
});

describe("tools", () => {
  const f = {
    type: "function",
    function: { name: "f", description: "Does f", parameters: { type: "object", properties: {} } },
  };
  const g = { type: "function", function: { name: "g" } };

  test("without parameters take an empty object", () => {
    expect(encode({ tools: [g] }).body.tools).toEqual([
      { name: "g", input_schema: { type: "object", properties: {} } },
    ]);
    const untyped = { type: "function", function: { name: "h", parameters: { properties: { a: {} } } } };
    expect(encode({ tools: [untyped] }).body.tools).toEqual([
      { name: "h", input_schema: { type: "object", properties: { a: {} } } },
    ]);
  });

  test.each([
    ["auto", { type: "auto" }],
    ["none", { type: "none" }],
    ["required", { type: "any" }],
    [
      { type: "function", function: { name: "f" } },
      { type: "tool", name: "f" },
    ],
    [{ type: "any" }, { type: "any" }],
    [
      { type: "tool", name: "f", disable_parallel_tool_use: true },
      { type: "tool", name: "f", disable_parallel_tool_use: true },
    ],
  ])("tool_choice %j is %j", (tool_choice, expected) => {
    expect(encode({ tools: [f], tool_choice })).toMatchObject({ body: { tool_choice: expected }, dropped: [] });
  });

  test("one call at a time is part of the choice", () => {
    const chosen = (tool_choice: unknown) =>
      encode({ tools: [f], tool_choice, parallel_tool_calls: false }).body.tool_choice;
    expect(chosen(undefined)).toEqual({ type: "auto", disable_parallel_tool_use: true });
    expect(chosen("required")).toEqual({ type: "any", disable_parallel_tool_use: true });
    expect(chosen("none")).toEqual({ type: "none" });
    expect(encode({ tools: [f], parallel_tool_calls: true }).body).not.toHaveProperty("tool_choice");
    expect(encode({ parallel_tool_calls: false }).body).not.toHaveProperty("tool_choice");
  });

  test("only the allowed ones are offered", () => {
    const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "g" } }] };
    expect(encode({ tools: [f, g], tool_choice: { type: "allowed_tools", allowed_tools } })).toMatchObject({
      body: { tools: [{ name: "g" }], tool_choice: { type: "any" } },
      dropped: [],
    });
  });

  test("strict holds where models can be held to a schema", () => {
    const strict = { type: "function", function: { ...f.function, strict: true } };
    const closed = { type: "object", properties: {}, additionalProperties: false };
    expect(encode({ tools: [strict] })).toMatchObject({
      body: { tools: [{ strict: true, input_schema: closed }] },
      dropped: [],
    });
    const old = encode({ model: "claude-sonnet-4-20250514", tools: [strict] });
    expect(old.dropped).toEqual(["tools.function.strict"]);
    expect(old.body.tools).toEqual([{ name: "f", description: "Does f", input_schema: f.function.parameters }]);
  });

  test("keep Anthropic's marks, and Anthropic's own tools pass", () => {
    const cache_control = { type: "ephemeral" };
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 2 };
    const native = { name: "n", input_schema: { type: "object" } };
    expect(encode({ tools: [{ ...g, cache_control, defer_loading: true }, search, native] }).body.tools).toEqual([
      { name: "g", input_schema: { type: "object", properties: {} }, cache_control, defer_loading: true },
      search,
      native,
    ]);
  });

  test("of free text, and choices of nothing, are named", () => {
    const free = { type: "custom", custom: { name: "sql" } };
    expect(encode({ tools: [free, f] })).toMatchObject({ body: { tools: [{ name: "f" }] }, dropped: ["tools.custom"] });
    expect(encode({ tool_choice: "required" })).toMatchObject({ dropped: ["tool_choice"] });
    expect(encode({ tools: [f], tool_choice: "sometimes" })).toMatchObject({ dropped: ["tool_choice"] });
    expect(encode({ tools: [f], tool_choice: { type: "custom", custom: { name: "sql" } } })).toMatchObject({
      dropped: ["tool_choice"],
    });
  });
});

test("what cannot be said to Anthropic at all is an error another provider may answer", () => {
  const ask = (messages: readonly unknown[]) => () => encode({ messages });
  const audio = { type: "input_audio", input_audio: { data: "", format: "wav" } };
  const sheet = { type: "file", file: { filename: "a.xls", file_data: "data:application/vnd.ms-excel;base64,AAAA" } };
  for (const part of [audio, sheet]) {
    const error = errorOf(ask([...hello, { role: "user", content: [part] }]));
    expect(error).toMatchObject({ code: "unsupported", elsewhere: true, details: { param: "messages[1].content[0]" } });
  }
  expect(errorOf(ask([{ role: "function", name: "f", content: "1" }]))).toMatchObject({ code: "unsupported" });
  for (const [messages, param] of [
    [[{ role: "narrator", content: "x" }], "messages[0].role"],
    [[{ role: "user", content: 7 }], "messages[0].content"],
    [[{ role: "user", content: [{ type: "text" }] }], "messages[0].content[0].text"],
    [[{ role: "user", content: [{ type: "image_url" }] }], "messages[0].content[0].image_url.url"],
    [[{ role: "tool", content: "x" }], "messages[0].tool_call_id"],
    [[{ role: "assistant", tool_calls: [{}] }], "messages[0].tool_calls[0].function.name"],
  ] as const) {
    expect(errorOf(ask(messages))).toMatchObject({ code: "invalid_request", details: { param } });
  }
});

test("a number that is none is refused, not ignored", () => {
  for (const name of ["max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k"]) {
    const refused = expect.objectContaining({ code: "invalid_request", details: { param: name } });
    expect(() => encode({ [name]: "7" })).toThrow(refused);
  }
});

function errorOf(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}
