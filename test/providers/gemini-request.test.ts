import { describe, expect, test } from "vitest";
import { chat, encode, encodeWith, hello, MODEL, NEW_MODEL, requestOf, targetOf } from "./gemini-door.ts";

const tool = (name: string, more: object = {}) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { a: { type: "string" } } }, ...more },
});
const weather = tool("weather");

describe("where a request goes", () => {
  test("the model stands in the path, the method behind it, the key in its header", () => {
    const { path, headers, body } = encode({});
    expect(path).toBe(`/models/${MODEL}:generateContent`);
    expect(headers["x-goog-api-key"]).toBe("AIza-test");
    expect(body).toEqual({ contents: [{ role: "user", parts: [{ text: "Hello" }] }] });
  });

  test("streams are asked for as server-sent events", () => {
    expect(encode({ stream: true }).path).toBe(`/models/${MODEL}:streamGenerateContent?alt=sse`);
  });

  test.each([
    ["tunedModels/mine", "/tunedModels/mine:generateContent"],
    ["models/gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"],
    ["x:delete?key=a#b", "/models/x%3Adelete%3Fkey%3Da%23b:generateContent"],
  ])("the name %s leads nowhere else", (model, path) => {
    expect(encode({ model }).path).toBe(path);
  });

  test.each(["../secrets", "models/..", "a//b", ""])("%j is no model", (model) => {
    expect(() => chat.encode(requestOf({ messages: hello }), targetOf(model))).toThrow(/no name of a model/);
  });
});

describe("how the answer is to be made", () => {
  test("OpenAI's settings have names of Gemini's", () => {
    const { body, dropped } = encode({
      temperature: 0.7,
      top_p: 0.9,
      top_k: 40,
      n: 3,
      stop: ["\n\n", "END"],
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      seed: 42,
      max_completion_tokens: 1000,
      max_tokens: 5,
      logprobs: true,
      top_logprobs: 4,
    });
    expect(body.generationConfig).toEqual({
      temperature: 0.7,
      topP: 0.9,
      topK: 40,
      candidateCount: 3,
      stopSequences: ["\n\n", "END"],
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      seed: 42,
      maxOutputTokens: 1000,
      responseLogprobs: true,
      logprobs: 4,
    });
    expect(dropped).toEqual([]);
  });

  test("values that ask for nothing are left out in silence", () => {
    const nothing = { n: 1, logprobs: false, store: false, modalities: ["text"], logit_bias: {}, verbosity: "medium" };
    expect(encode({ ...nothing, response_format: { type: "text" }, service_tier: "auto", stop: null })).toMatchObject({
      body: { contents: [{ role: "user" }] },
      dropped: [],
    });
  });

  test("what has no form is named", () => {
    const { body, dropped } = encode({
      logit_bias: { 5: 1 },
      prediction: { type: "content", content: "x" },
      user: "u-1",
      metadata: { a: "b" },
      verbosity: "low",
      top_logprobs: 3,
      service_tier: "scale",
      store: true,
      unheard_of: 1,
    });
    expect(Object.keys(body)).toEqual(["contents"]);
    expect([...dropped].sort()).toEqual(
      [
        "logit_bias",
        "prediction",
        "user",
        "metadata",
        "verbosity",
        "top_logprobs",
        "service_tier",
        "store",
        "unheard_of",
      ].sort(),
    );
  });

  test("a number that is none is the client's mistake", () => {
    expect(() => encode({ temperature: "hot" })).toThrow(/'temperature' must be a number/);
  });

  test("a schema is held to as JSON Schema; keywords that are not held to are named", () => {
    const schema = {
      type: "object",
      properties: { kind: { type: "string", const: "a" }, code: { type: "string", pattern: "^x" } },
      required: ["kind"],
      additionalProperties: false,
    };
    const { body, dropped } = encode({ response_format: { type: "json_schema", json_schema: { name: "s", schema } } });
    expect(body.generationConfig).toEqual({
      responseMimeType: "application/json",
      responseJsonSchema: {
        ...schema,
        properties: { kind: { type: "string", enum: ["a"] }, code: { type: "string", pattern: "^x" } },
      },
    });
    expect(dropped).toEqual(["response_format.json_schema.schema.pattern"]);
  });

  test("JSON of any shape can be asked for", () => {
    const { body } = encode({ response_format: { type: "json_object" } });
    expect(body.generationConfig).toEqual({ responseMimeType: "application/json" });
  });

  test("before Gemini 3, tools and JSON exclude each other", () => {
    const both = { response_format: { type: "json_object" }, tools: [weather] };
    expect(encode(both)).toMatchObject({ dropped: ["response_format"] });
    expect(encode(both).body.generationConfig).toBeUndefined();
    expect(encode({ ...both, model: NEW_MODEL })).toMatchObject({
      dropped: [],
      body: { generationConfig: { responseMimeType: "application/json" } },
    });
  });

  test("pictures and speech are modalities", () => {
    expect(encode({ modalities: ["text", "image"] }).body.generationConfig).toEqual({
      responseModalities: ["TEXT", "IMAGE"],
    });
    const spoken = encode({ modalities: ["audio"], audio: { voice: "Kore", format: "mp3" } });
    expect(spoken.dropped).toEqual(["audio.format"]);
    expect(spoken.body.generationConfig).toEqual({
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
    });
  });

  test.each(["flex", "priority"])("the tier %s is asked for", (service_tier) => {
    expect(encode({ service_tier })).toMatchObject({ body: { serviceTier: service_tier }, dropped: [] });
  });
});

describe("how much to think", () => {
  test.each([
    ["gemini-2.5-flash", "none", { thinkingBudget: 0 }, []],
    ["gemini-2.5-flash", "minimal", { thinkingBudget: 1024, includeThoughts: true }, []],
    ["gemini-2.5-flash", "medium", { thinkingBudget: 8192, includeThoughts: true }, []],
    ["gemini-2.5-flash", "xhigh", { thinkingBudget: 24576, includeThoughts: true }, []],
    ["gemini-2.5-pro", "max", { thinkingBudget: 32768, includeThoughts: true }, []],
    ["gemini-2.5-pro", "none", { thinkingBudget: 128 }, ["reasoning_effort"]],
    ["gemini-3-flash-preview", "minimal", { thinkingLevel: "minimal", includeThoughts: true }, []],
    ["gemini-3-flash-preview", "none", { thinkingLevel: "minimal" }, ["reasoning_effort"]],
    ["gemini-3-pro-preview", "medium", { thinkingLevel: "high", includeThoughts: true }, []],
    ["gemini-3.1-pro-preview", "medium", { thinkingLevel: "medium", includeThoughts: true }, []],
    ["gemini-flash-latest", "high", { thinkingLevel: "high", includeThoughts: true }, []],
    ["gemini-3-flash-preview", "max", { thinkingLevel: "high", includeThoughts: true }, []],
    ["gemini-2.0-flash", "high", undefined, ["reasoning_effort"]],
    ["gemma-3-27b-it", "low", undefined, ["reasoning_effort"]],
    ["gemini-2.0-flash", "none", undefined, []],
    ["gemini-2.5-flash", "heaps", undefined, ["reasoning_effort"]],
  ] as const)("%s with effort %s", (model, reasoning_effort, thinkingConfig, dropped) => {
    const encoded = encode({ model, reasoning_effort });
    expect(encoded.body.generationConfig).toEqual(thinkingConfig && { thinkingConfig });
    expect(encoded.dropped).toEqual(dropped);
  });

  test("Anthropic's word for it is understood", () => {
    const budget = { thinking: { type: "enabled", budget_tokens: 2000 } };
    expect(encode(budget).body.generationConfig).toEqual({
      thinkingConfig: { thinkingBudget: 2000, includeThoughts: true },
    });
    expect(encode({ thinking: { type: "disabled" } }).body.generationConfig).toEqual({
      thinkingConfig: { thinkingBudget: 0 },
    });
  });
});

describe("tools", () => {
  test("are declared with their schema whole", () => {
    const parameters = { type: "object", properties: { a: { $ref: "#/$defs/A" } }, $defs: { A: { type: "string" } } };
    const { body, dropped } = encode({
      tools: [{ type: "function", function: { name: "f", description: "d", parameters } }],
    });
    expect(body.tools).toEqual([
      { functionDeclarations: [{ name: "f", description: "d", parametersJsonSchema: parameters }] },
    ]);
    expect(dropped).toEqual([]);
  });

  test("without parameters have none", () => {
    const { body } = encode({ tools: [tool("f", { parameters: {} }), tool("g", { parameters: undefined })] });
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: "f" }, { name: "g" }] }]);
  });

  test.each([
    ["auto", { mode: "AUTO" }],
    ["none", { mode: "NONE" }],
    ["required", { mode: "ANY" }],
    [
      { type: "function", function: { name: "weather" } },
      { mode: "ANY", allowedFunctionNames: ["weather"] },
    ],
  ])("may be chosen: %j", (tool_choice, functionCallingConfig) => {
    const { body, dropped } = encode({ tools: [weather], tool_choice });
    expect(body.toolConfig).toEqual({ functionCallingConfig });
    expect(dropped).toEqual([]);
  });

  test("that are allowed are the only ones on offer", () => {
    const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "b" } }] };
    const { body } = encode({ tools: [tool("a"), tool("b")], tool_choice: { type: "allowed_tools", allowed_tools } });
    expect(body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: "b" }] }],
      toolConfig: { functionCallingConfig: { mode: "ANY" } },
    });
  });

  test("that are strict are held to their schema, and what of it is not is named", () => {
    const parameters = { type: "object", properties: { a: { type: "string", minLength: 2 } } };
    const { body, dropped } = encode({ tools: [tool("f", { strict: true, parameters })] });
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: "VALIDATED" } });
    expect(dropped).toEqual(["tools.function.parameters.minLength"]);
  });

  test("of Gemini's own pass, others are named", () => {
    const { body, dropped } = encode({
      tools: [{ googleSearch: {} }, { url_context: {} }, { type: "custom", custom: { name: "x" } }],
      parallel_tool_calls: false,
    });
    expect(body.tools).toEqual([{ googleSearch: {} }, { url_context: {} }]);
    expect(dropped).toEqual(["tools.custom"]);
  });

  test("are called one at a time by no setting", () => {
    expect(encode({ tools: [weather], parallel_tool_calls: false }).dropped).toEqual(["parallel_tool_calls"]);
  });

  test("a choice without tools is named", () => {
    expect(encode({ tool_choice: "required" }).dropped).toEqual(["tool_choice"]);
    expect(encode({ tool_choice: "auto" }).dropped).toEqual([]);
  });

  test("OpenAI's web search is Google's", () => {
    const web_search_options = { search_context_size: "high" };
    expect(encode({ web_search_options })).toMatchObject({
      body: { tools: [{ googleSearch: {} }] },
      dropped: ["web_search_options.search_context_size"],
    });
    expect(encode({ web_search_options: {}, tools: [weather] }).dropped).toEqual(["web_search_options"]);
  });
});

describe("Gemini's own fields", () => {
  test("pass, in either spelling, and win over what was translated", () => {
    const safetySettings = [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }];
    const { body, dropped } = encode({
      temperature: 1,
      safety_settings: safetySettings,
      cachedContent: "cachedContents/1",
      generationConfig: { temperature: 0, topK: 3 },
      tool_config: { retrievalConfig: { languageCode: "de" } },
      extra_body: { google: { thinking_config: { thinkingBudget: 5 } } },
    });
    expect(body).toMatchObject({
      safetySettings,
      cachedContent: "cachedContents/1",
      generationConfig: { temperature: 0, topK: 3, thinkingConfig: { thinkingBudget: 5 } },
      toolConfig: { retrievalConfig: { languageCode: "de" } },
    });
    expect(dropped).toEqual([]);
  });
});

test("the operator's headers go along", () => {
  expect(encodeWith(chat, { messages: hello }).headers["content-type"]).toBe("application/json");
});
