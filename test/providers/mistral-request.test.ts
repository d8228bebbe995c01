import { describe, expect, test } from "vitest";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { adapters, chat, embeddings, moderations } from "./mistral-door.ts";

const target = (model: string) => ({ name: `mistral/${model}`, provider: "mistral", model });

/** What is sent of the fields a chat has beside its messages, and what is named as dropped. */
function fields(asked: JsonObject): { sent: JsonObject; dropped: readonly string[] } {
  const { body, dropped } = chat.encode(asked);
  const { model: _, messages: _messages, ...sent } = body;
  return { sent, dropped };
}

function sentMessages(messages: readonly JsonObject[], more: JsonObject = {}) {
  const { body, dropped } = chat.encode({ messages, ...more });
  return { messages: body.messages as JsonObject[], dropped };
}

const user = (content: unknown): JsonObject => ({ role: "user", content });
const call = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  type: "function",
  function: { name: "f", arguments: "{}" },
  ...more,
});

describe("what is not touched", () => {
  test("a request that Mistral takes as it is keeps every byte, also where a number is longer than a double", () => {
    const text =
      '{ "model":"m",  "messages":[{"role":"user","content":"Hi"},\n {"role":"assistant","content":"","tool_calls":' +
      '[{"id":"abcDEF123","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool",' +
      '"tool_call_id":"abcDEF123","content":"1"}],"random_seed":12345678901234567890,"safe_prompt":true,"temperature":0.70}';
    const body = JsonBody.parse(text, { maxDepth: 50, maxValues: 1000 });
    const outbound = adapters.chat.encode({ body, model: "m", stream: false }, target("m"));
    expect(outbound).toMatchObject({ body: text, dropped: [], path: "/chat/completions", method: "POST" });
    const renamed = adapters.chat.encode({ body, model: "m", stream: false }, target("mistral-tiny"));
    expect(renamed.body).toBe(text.replace('"m"', '"mistral-tiny"'));
  });

  test("the key goes into a bearer's header", () => {
    expect(chat.encode({}).headers).toMatchObject({ authorization: "Bearer test-key" });
  });

  test.each(
    Object.entries({
      safe_prompt: true,
      prompt_mode: "reasoning",
      random_seed: 3,
      guardrails: [{ block_on_error: true }],
      prompt_cache_key: "k",
      metadata: { team: "a" },
      n: 2,
      parallel_tool_calls: false,
      presence_penalty: 0.5,
      frequency_penalty: -2,
      stop: ["a"],
      top_p: 0.5,
      max_tokens: 9,
      reasoning_effort: "high",
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
      prediction: { type: "content", content: "like this" },
    }),
  )("%s is Mistral's too", (name, value) => {
    expect(fields({ [name]: value })).toEqual({ sent: { [name]: value }, dropped: [] });
  });
});

describe("fields under another name or with other values", () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{ max_completion_tokens: 7 }, { max_tokens: 7 }, []],
    [{ max_completion_tokens: 7, max_tokens: 9 }, { max_tokens: 7 }, []],
    [{ seed: 4 }, { random_seed: 4 }, []],
    [{ seed: 4, random_seed: 5 }, { random_seed: 5 }, []],
    [{ seed: -4 }, {}, ["seed"]],
    [{ temperature: 2 }, { temperature: 1.5 }, ["temperature"]],
    [{ tool_choice: "required" }, { tool_choice: "any" }, []],
    [{ tool_choice: "auto" }, { tool_choice: "auto" }, []],
    [{ tool_choice: { type: "custom", custom: { name: "x" } } }, {}, ["tool_choice"]],
    [{ reasoning_effort: "none" }, { reasoning_effort: "none" }, []],
    [{ reasoning_effort: "minimal" }, { reasoning_effort: "none" }, ["reasoning_effort"]],
    [{ reasoning_effort: "medium" }, { reasoning_effort: "high" }, ["reasoning_effort"]],
    [
      {
        prediction: {
          type: "content",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      },
      { prediction: { type: "content", content: "ab" } },
      [],
    ],
    [
      { response_format: { type: "json_schema", json_schema: { name: "n", strict: null, schema: {} } } },
      { response_format: { type: "json_schema", json_schema: { name: "n", schema: {} } } },
      [],
    ],
    [{ stream: true, stream_options: { include_usage: true } }, { stream: true }, []],
  ])("%j is %j", (asked, sent, dropped) => {
    expect(fields(asked)).toEqual({ sent, dropped });
  });

  test.each(["user", "store", "logit_bias", "logprobs", "service_tier", "verbosity", "field_of_2030"])(
    "%s is refused by Mistral, so it goes and is named",
    (name) => {
      const values: JsonObject = { logit_bias: { 1: 2 }, logprobs: true, store: true, service_tier: "flex" };
      expect(fields({ [name]: values[name] ?? "x" })).toEqual({ sent: {}, dropped: [name] });
    },
  );

  test("what says nothing goes without a word", () => {
    const asked = { store: false, logprobs: false, service_tier: "auto", stop: null, tools: null, user: null };
    expect(fields({ ...asked, logit_bias: {}, modalities: ["text"] })).toEqual({ sent: {}, dropped: [] });
  });
});

describe("tools", () => {
  const f = { type: "function", function: { name: "f", parameters: { type: "object" } } };
  const g = { type: "function", function: { name: "g", parameters: { type: "object" } } };

  test("a function without parameters gets empty ones, and nothing null is sent", () => {
    const tools = [{ type: "function", function: { name: "f", description: null, strict: true } }];
    expect(fields({ tools }).sent.tools).toEqual([
      { type: "function", function: { name: "f", strict: true, parameters: { type: "object", properties: {} } } },
    ]);
  });

  test("tools of other kinds go and are named", () => {
    const custom = { type: "custom", custom: { name: "c" } };
    expect(fields({ tools: [f, custom, { ...g, cache_control: { type: "ephemeral" } }] })).toEqual({
      sent: { tools: [f, g] },
      dropped: ["tools.custom", "tools.cache_control"],
    });
  });

  test("of allowed tools only those are offered", () => {
    const allowed = { mode: "required", tools: [{ type: "function", function: { name: "g" } }] };
    expect(fields({ tools: [f, g], tool_choice: { type: "allowed_tools", allowed_tools: allowed } })).toEqual({
      sent: { tools: [g], tool_choice: "any" },
      dropped: [],
    });
  });
});

describe("messages", () => {
  test("developers are the system", () => {
    expect(sentMessages([{ role: "developer", content: "Be brief." }, user("Hi")]).messages[0]).toEqual({
      role: "system",
      content: "Be brief.",
    });
  });

  test("an answer of OpenAI's comes back without its empty members", () => {
    const answer = { role: "assistant", content: "Hello.", refusal: null, annotations: [], audio: null };
    expect(sentMessages([user("Hi"), answer, user("And?")])).toEqual({
      messages: [user("Hi"), { role: "assistant", content: "Hello." }, user("And?")],
      dropped: [],
    });
  });

  test("a refusal is what was said", () => {
    const { messages } = sentMessages([user("Hi"), { role: "assistant", content: null, refusal: "No." }, user("?")]);
    expect(messages[1]).toEqual({ role: "assistant", content: "No." });
  });

  test("what has no place there is named", () => {
    const answer = { role: "assistant", content: "a", audio: { id: "x" }, thinking_blocks: [{ type: "thinking" }] };
    expect(sentMessages([{ ...user("Hi"), name: "ann" }, answer, user("?")]).dropped).toEqual([
      "messages.name",
      "messages.thinking_blocks",
      "messages.audio",
    ]);
  });

  test("an answer at the end is one to go on with", () => {
    const { messages } = sentMessages([user("Count"), { role: "assistant", content: "One, two," }]);
    expect(messages[1]).toEqual({ role: "assistant", content: "One, two,", prefix: true });
  });

  test("thoughts go back to a model that thinks, and are named elsewhere", () => {
    const answer = { role: "assistant", content: "42", reasoning_content: "6 × 7" };
    const messages = [user("?"), answer, user("Sure?")];
    const thoughtful = {
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "6 × 7" }] },
        { type: "text", text: "42" },
      ],
    };
    expect(sentMessages(messages, { reasoning_effort: "high" })).toMatchObject({ dropped: [] });
    for (const more of [{ reasoning_effort: "high" }, { prompt_mode: "reasoning" }, { model: "magistral-small" }]) {
      expect(sentMessages(messages, more).messages[1]).toEqual(thoughtful);
    }
    for (const more of [{}, { reasoning_effort: "none" }]) {
      const { messages: sent, dropped } = sentMessages(messages, more);
      expect(sent[1]).toEqual({ role: "assistant", content: "42" });
      expect(dropped).toEqual(["messages.reasoning_content"]);
    }
  });

  test("ids in other forms are replaced, the same for call and result, and never two by one", () => {
    const ids = [
      "call_abc",
      "toolu_01",
      "abcDEF123",
      "call_abd",
      ...Array.from({ length: 500 }, (_, at) => `id ${at}`),
    ];
    const { messages } = sentMessages([
      user("?"),
      { role: "assistant", content: null, tool_calls: ids.map((id) => call(id)) },
      ...ids.map((tool_call_id) => ({ role: "tool", tool_call_id, content: "1" })),
    ]);
    const sent = (messages[1]!.tool_calls as JsonObject[]).map(({ id }) => id as string);
    expect(messages.slice(2).map(({ tool_call_id }) => tool_call_id)).toEqual(sent);
    expect(new Set(sent).size).toBe(ids.length);
    expect(sent.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true);
    expect(sent[2]).toBe("abcDEF123");
  });

  test("other providers' notes on a call go and are named", () => {
    const calls = [call("abcDEF123", { extra_content: { google: { thought_signature: "x" } } })];
    expect(
      sentMessages([
        user("?"),
        { role: "assistant", tool_calls: calls },
        { role: "tool", tool_call_id: "abcDEF123", content: "1" },
      ]).dropped,
    ).toEqual(["messages.tool_calls.extra_content"]);
  });

  test.each([
    [[{ role: "function", content: "x", name: "f" }], "unsupported"],
    [[{ role: "critic", content: "x" }], "invalid_request"],
    [[{ role: "tool", content: "x" }], "invalid_request"],
    [[{ role: "assistant", tool_calls: [{ type: "custom", custom: {} }] }], "invalid_request"],
    [[user([{ text: "no type" }])], "invalid_request"],
  ])("%j is %s", (messages, code) => {
    expect(() => chat.encode({ messages })).toThrow(expect.objectContaining({ code }));
  });
});

describe("content", () => {
  const sent = (part: JsonObject) => {
    const { messages, dropped } = sentMessages([user([part])]);
    return { part: (messages[0]!.content as unknown[])[0], dropped };
  };

  test.each<JsonObject>([
    { type: "text", text: "a" },
    { type: "image_url", image_url: { url: "https://img.example/a.png", detail: "high" } },
    { type: "image_url", image_url: "data:image/png;base64,iVBORw0KGgo=" },
    { type: "document_url", document_url: "https://doc.example/a.pdf" },
    { type: "reference", reference_ids: [1] },
    { type: "input_audio", input_audio: "UklGRg==" },
  ])("%j is Mistral's too", (part) => {
    expect(sent(part)).toEqual({ part, dropped: [] });
  });

  test.each<[JsonObject, JsonObject]>([
    [
      { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } },
      { type: "input_audio", input_audio: "UklGRg==" },
    ],
    [
      { type: "refusal", refusal: "No." },
      { type: "text", text: "No." },
    ],
    [
      { type: "file", file: { file_id: "f-1" } },
      { type: "file", file_id: "f-1" },
    ],
    [
      { type: "file", file: { filename: "a.pdf", file_data: "JVBERi0=" } },
      { type: "document_url", document_url: "data:application/pdf;base64,JVBERi0=", document_name: "a.pdf" },
    ],
    [
      { type: "file", file: { file_data: "data:image/png;base64,iVBORw0KGgo=" } },
      { type: "image_url", image_url: "data:image/png;base64,iVBORw0KGgo=" },
    ],
  ])("%j is %j", (part, expected) => {
    expect(sent(part)).toEqual({ part: expected, dropped: [] });
  });

  test("marks of other providers go and are named", () => {
    expect(sent({ type: "text", text: "a", cache_control: { type: "ephemeral" } })).toEqual({
      part: { type: "text", text: "a" },
      dropped: ["messages.content.cache_control"],
    });
  });

  test("a file that is no document is another provider's to take", () => {
    const file = { type: "file", file: { filename: "a.zip", file_data: "data:application/zip;base64,UEs=" } };
    expect(() => sent(file)).toThrow(expect.objectContaining({ code: "unsupported", elsewhere: true }));
  });
});

describe("embeddings and moderations", () => {
  test("dimensions have another name, and what Mistral does not know is named", () => {
    const { body, dropped, path } = embeddings.encode({ dimensions: 256, encoding_format: "base64", user: "u" });
    expect(body).toEqual({ model: "mistral-embed", input: "Hello", encoding_format: "base64", output_dimension: 256 });
    expect({ dropped, path }).toEqual({ dropped: ["user"], path: "/embeddings" });
  });

  test("token numbers are of another vocabulary", () => {
    for (const input of [[1, 2], [[1, 2]]]) {
      expect(() => embeddings.encode({ input })).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
  });

  test("moderations judge text", () => {
    expect(moderations.encode({ input: ["a", "b"] })).toMatchObject({ path: "/moderations", dropped: [] });
    const image = { type: "image_url", image_url: { url: "https://img.example/a.png" } };
    expect(() => moderations.encode({ input: [image] })).toThrow(expect.objectContaining({ code: "unsupported" }));
  });
});
