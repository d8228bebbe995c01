import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { chat, MODEL } from "./cohere-door.ts";

/** What is sent of the fields a chat has beside its messages, and what is named as dropped. */
function fields(asked: JsonObject): { sent: JsonObject; dropped: readonly string[] } {
  const { body, dropped } = chat.encode(asked);
  const { model: _, messages: _messages, stream: _stream, ...sent } = body;
  return { sent, dropped };
}

test("a chat goes to /v2/chat with the key as a bearer's, and says whether it streams", () => {
  const { path, headers, body } = chat.encode({});
  expect(path).toBe("/v2/chat");
  expect(headers).toMatchObject({ authorization: "Bearer test-key", "content-type": "application/json" });
  expect(body).toEqual({ model: MODEL, stream: false, messages: [{ role: "user", content: "Hello" }] });
  expect(chat.encode({ stream: true, stream_options: { include_usage: true } }).body).toMatchObject({ stream: true });
});

describe("fields", () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{ max_tokens: 9 }, { max_tokens: 9 }, []],
    [{ max_tokens: 9, max_completion_tokens: 7 }, { max_tokens: 7 }, []],
    [{ stop: "a" }, { stop_sequences: ["a"] }, []],
    [{ stop: ["a", "b"] }, { stop_sequences: ["a", "b"] }, []],
    [{ temperature: 0.3, seed: 4, top_k: 5 }, { temperature: 0.3, seed: 4, k: 5 }, []],
    [{ top_p: 0.5 }, { p: 0.5 }, []],
    [{ top_p: 1 }, { p: 0.99 }, []],
    [{ top_p: 0 }, { p: 0.01 }, ["top_p"]],
    [{ frequency_penalty: 0.5, presence_penalty: 0 }, { frequency_penalty: 0.5, presence_penalty: 0 }, []],
    [{ frequency_penalty: 1.5 }, { frequency_penalty: 1 }, ["frequency_penalty"]],
    [{ presence_penalty: -1 }, {}, ["presence_penalty"]],
    [{ logprobs: true }, { logprobs: true }, []],
    [{ logprobs: true, top_logprobs: 3 }, { logprobs: true }, ["top_logprobs"]],
    [{ n: 1, store: false, parallel_tool_calls: true, service_tier: "auto" }, {}, []],
    [{ n: 2 }, {}, ["n"]],
    [{ user: "u", metadata: { a: 1 } }, {}, ["user", "metadata"]],
    [{ parallel_tool_calls: false }, {}, ["parallel_tool_calls"]],
    [{ logit_bias: { 1: 2 } }, {}, ["logit_bias"]],
    [{ field_of_2030: 1, min_p: 0.1 }, {}, ["field_of_2030", "min_p"]],
    [{ response_format: { type: "text" } }, {}, []],
    [{ response_format: { type: "json_object" } }, { response_format: { type: "json_object" } }, []],
    [
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "n", description: "d", schema: { type: "object" } },
        },
      },
      { response_format: { type: "json_object", json_schema: { description: "d", type: "object" } } },
      [],
    ],
    [
      { response_format: { type: "json_schema", json_schema: { name: "n" } } },
      { response_format: { type: "json_object" } },
      ["response_format.json_schema"],
    ],
  ])("%j is %j", (asked, sent, dropped) => {
    expect(fields(asked)).toEqual({ sent, dropped });
  });

  test.each(
    Object.entries({
      safety_mode: "STRICT",
      citation_options: { mode: "FAST" },
      priority: 1,
      p: 0.4,
      k: 3,
      stop_sequences: ["x"],
      documents: ["text", { id: "d", data: { text: "t" } }],
      thinking: { type: "enabled", token_budget: 99 },
    }),
  )("%s is Cohere's own and passes", (name, value) => {
    expect(fields({ [name]: value })).toEqual({ sent: { [name]: value }, dropped: [] });
  });
});

describe("thinking", () => {
  test.each([
    ["none", { type: "disabled" }],
    ["minimal", { type: "enabled", token_budget: 512 }],
    ["low", { type: "enabled", token_budget: 1024 }],
    ["medium", { type: "enabled", token_budget: 4096 }],
    ["high", { type: "enabled" }],
    ["xhigh", { type: "enabled" }],
  ])("effort %s is %j", (reasoning_effort, thinking) => {
    expect(fields({ reasoning_effort })).toEqual({ sent: { thinking }, dropped: [] });
  });

  test("Cohere's own word is the last one", () => {
    const thinking = { type: "disabled" };
    expect(fields({ reasoning_effort: "high", thinking })).toEqual({
      sent: { thinking },
      dropped: ["reasoning_effort"],
    });
  });

  test("models that cannot think are not asked to, and that is named", () => {
    for (const model of ["command-r-08-2024", "command-a-03-2025", "command-r7b-12-2024", "c4ai-aya-expanse-32b"]) {
      expect(fields({ model, reasoning_effort: "high" })).toEqual({ sent: {}, dropped: ["reasoning_effort"] });
      expect(fields({ model, reasoning_effort: "none" })).toEqual({ sent: {}, dropped: [] });
    }
    expect(fields({ reasoning_effort: "a lot" })).toEqual({ sent: {}, dropped: ["reasoning_effort"] });
  });
});

describe("tools", () => {
  const f = { type: "function", function: { name: "f", description: "d", parameters: { type: "object" } } };
  const g = { type: "function", function: { name: "g", parameters: { type: "object" } } };
  const strict = (tool: typeof f | typeof g) => ({ ...tool, function: { ...tool.function, strict: true } });
  const named = (name: string) => ({ type: "function", function: { name } });

  test.each<[JsonObject, JsonObject, string[]]>([
    [{ tools: [f, g] }, { tools: [f, g] }, []],
    [{ tools: [f], tool_choice: "auto" }, { tools: [f] }, []],
    [{ tools: [f], tool_choice: "none" }, { tools: [f], tool_choice: "NONE" }, []],
    [{ tools: [f], tool_choice: "required" }, { tools: [f], tool_choice: "REQUIRED" }, []],
    [{ tools: [f, g], tool_choice: named("g") }, { tools: [g], tool_choice: "REQUIRED" }, []],
    [
      { tools: [f, g], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [named("f")] } } },
      { tools: [f] },
      [],
    ],
    [{ tools: [f], tool_choice: { type: "custom", custom: { name: "x" } } }, { tools: [f] }, ["tool_choice"]],
    [{ tool_choice: "required" }, {}, ["tool_choice"]],
    [{ tools: [strict(f), strict(g)] }, { tools: [f, g], strict_tools: true }, []],
    [{ tools: [strict(f), g] }, { tools: [f, g] }, ["tools.function.strict"]],
    [{ tools: [strict(f), g], strict_tools: true }, { tools: [f, g], strict_tools: true }, []],
    [{ tools: [{ ...f, cache_control: {} }] }, { tools: [f] }, ["tools.cache_control"]],
    [{ tools: [{ type: "custom", custom: { name: "c" } }] }, {}, ["tools.custom"]],
    [
      { tools: [named("h")] },
      { tools: [{ type: "function", function: { name: "h", parameters: { type: "object", properties: {} } } }] },
      [],
    ],
  ])("%j is %j", (asked, sent, dropped) => {
    expect(fields(asked)).toEqual({ sent, dropped });
  });
});

describe("messages", () => {
  const sent = (messages: readonly JsonObject[], more: JsonObject = {}) => {
    const { body, dropped } = chat.encode({ messages, ...more });
    return { messages: body.messages as JsonObject[], documents: body.documents, dropped };
  };
  const user = (content: unknown): JsonObject => ({ role: "user", content });

  test("roles keep their order; developers are the system", () => {
    const messages = [{ role: "developer", content: "a" }, user("b"), { role: "system", content: "c" }, user("d")];
    expect(sent(messages).messages.map(({ role, content }) => `${role} ${content}`)).toEqual([
      "system a",
      "user b",
      "system c",
      "user d",
    ]);
  });

  test("what Cohere planned, cited and thought goes back to it", () => {
    const citations = [{ start: 0, end: 1, text: "4", sources: [{ type: "tool", id: "x:0" }] }];
    const calls = [{ id: "x", type: "function", function: { name: "f", arguments: "{}" }, index: 0 }];
    const answer = { role: "assistant", content: "42", reasoning_content: "6 × 7", tool_plan: "I will.", citations };
    expect(sent([user("?"), { ...answer, tool_calls: calls }, user("!")])).toMatchObject({
      dropped: [],
      messages: [
        {},
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "6 × 7" },
            { type: "text", text: "42" },
          ],
          tool_plan: "I will.",
          tool_calls: [{ id: "x", type: "function", function: { name: "f", arguments: "{}" } }],
          citations,
        },
        {},
      ],
    });
  });

  test("a model that cannot think gets no thoughts; other providers' notes stay out; both are named", () => {
    const answer = {
      role: "assistant",
      name: "a",
      content: "42",
      reasoning_content: "6 × 7",
      thinking_blocks: [{ type: "thinking", thinking: "6 × 7", signature: "s" }],
      citations: [{ type: "char_location" }],
      tool_calls: [
        { id: "x", type: "function", function: { name: "f", arguments: "{}" }, extra_content: { google: {} } },
      ],
    };
    const { messages, dropped } = sent([user("?"), answer, user("!")], { model: "command-r-08-2024" });
    expect(messages[1]).toEqual({
      role: "assistant",
      content: "42",
      tool_calls: [{ id: "x", type: "function", function: { name: "f", arguments: "{}" } }],
    });
    expect(dropped).toEqual([
      "messages.name",
      "messages.reasoning_content",
      "messages.thinking_blocks",
      "messages.tool_calls.extra_content",
    ]);
  });

  test("a refusal is what was said", () => {
    expect(sent([user("?"), { role: "assistant", content: null, refusal: "No." }]).messages[1]).toEqual({
      role: "assistant",
      content: "No.",
    });
  });

  test("images go by URL or as data; marks of other providers are named", () => {
    const image = { type: "image_url", image_url: { url: "https://img.example/a.png", detail: "low" } };
    const parts = [{ type: "text", text: "What is this?", cache_control: {} }, image];
    expect(sent([user(parts)])).toMatchObject({
      messages: [{ content: [{ type: "text", text: "What is this?" }, image] }],
      dropped: ["messages.content.cache_control"],
    });
  });

  test("files of text are documents beside the conversation", () => {
    const file = (filename: string, text: string) => ({
      type: "file",
      file: { filename, file_data: `data:text/plain;base64,${Buffer.from(text).toString("base64")}` },
    });
    const given = { id: "mine", data: { text: "m" } };
    const { messages, documents } = sent(
      [user([file("a.txt", "ä"), { type: "text", text: "Read." }, file("b.md", "b")])],
      {
        documents: [given],
      },
    );
    expect(messages).toEqual([user([{ type: "text", text: "Read." }])]);
    expect(documents).toEqual([
      given,
      { id: "file-1", data: { title: "a.txt", text: "ä" } },
      { id: "file-2", data: { title: "b.md", text: "b" } },
    ]);
  });

  test.each([
    [user([{ type: "file", file: { filename: "a.pdf", file_data: "JVBERi0=" } }]), "unsupported"],
    [user([{ type: "file", file: { file_id: "f" } }]), "unsupported"],
    [user([{ type: "input_audio", input_audio: { data: "", format: "wav" } }]), "unsupported"],
    [{ role: "function", name: "f", content: "x" }, "unsupported"],
    [{ role: "critic", content: "x" }, "invalid_request"],
    [{ role: "tool", content: "x" }, "invalid_request"],
    [{ role: "assistant", tool_calls: [{ id: "x" }] }, "invalid_request"],
  ])("%j is %s", (message, code) => {
    expect(() => sent([message as JsonObject])).toThrow(expect.objectContaining({ code }));
  });
});
