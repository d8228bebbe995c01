import { describe, expect, test } from "vitest";
import { messages } from "../../src/bridges/messages.ts";
import type { GatewayError } from "../../src/core/error.ts";
import { JsonBody } from "../../src/protocol/json.ts";
import { parseLarge } from "../../src/protocol/large-body.ts";
import { hello, MARK, textToChat, toChat } from "./messages-door.ts";

const refusalOf = (run: () => unknown): GatewayError => {
  try {
    run();
  } catch (error) {
    return error as GatewayError;
  }
  throw new Error("nothing was refused");
};

const turn = (role: string, ...content: unknown[]) => ({ role, content });
const text = (words: string) => ({ type: "text", text: words });
const PNG = { type: "base64", media_type: "image/png", data: "iVBO" };
const PNG_PART = { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } };
const weather = { name: "weather", description: "The weather", input_schema: { type: "object", properties: {} } };
const ephemeral = { type: "ephemeral" };

describe("what is asked", () => {
  test("a plain question is a plain chat", () => {
    const { chat, dropped } = toChat({ system: "Be kind." });
    expect(chat).toEqual({
      model: "m",
      max_tokens: 100,
      messages: [{ role: "system", content: "Be kind." }, ...hello],
    });
    expect(dropped).toEqual([]);
  });

  test("the limit has the name that the server is sure to know", () => {
    const limits = (behind: Parameters<typeof toChat>[1]) =>
      Object.keys(toChat({}, behind).chat).filter((name) => name.startsWith("max_"));
    expect(limits({ model: "deepseek-chat" })).toEqual(["max_tokens"]);
    for (const model of ["gpt-5.1", "o3", "openai/gpt-4o"])
      expect(limits({ model })).toEqual(["max_completion_tokens"]);
    expect(limits({ translated: true })).toEqual(["max_completion_tokens"]);
    expect(limits({ ownModels: true })).toEqual(["max_completion_tokens"]);
  });

  test("a stream tells usage, as messages always do", () => {
    expect(toChat({ stream: true }).chat).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  test("fields with a namesake keep their values", () => {
    const asked = { temperature: 0, top_p: 0.5, stop_sequences: ["END"], service_tier: "standard_only" };
    const { chat, dropped } = toChat({ ...asked, metadata: { user_id: "u1" } });
    expect(chat).toMatchObject({ temperature: 0, top_p: 0.5, stop: ["END"], service_tier: "default", user: "u1" });
    expect(dropped).toEqual([]);
  });

  test("a user's name longer than OpenAI takes becomes a digest that tells users apart", () => {
    const user = (id: string, translated = false) => toChat({ metadata: { user_id: id } }, { translated }).chat.user;
    expect(user("u".repeat(65))).toMatch(/^[0-9a-f]{64}$/);
    expect(user("u".repeat(65))).not.toBe(user("u".repeat(66)));
    expect(user("u".repeat(65), true)).toBe("u".repeat(65));
  });

  test("what only Anthropic knows is named", () => {
    const asked = {
      top_k: 5,
      container: "c",
      mcp_servers: [{ name: "x" }],
      context_management: {},
      inference_geo: "eu",
      metadata: { user_id: "u", team: "t" },
      speed: "standard",
      cache_control: ephemeral,
      diagnostics: null,
    };
    const { dropped } = toChat(asked, { headers: { "anthropic-beta": "x", "anthropic-version": "2023-06-01" } });
    expect([...dropped].sort()).toEqual([
      "anthropic-beta",
      "cache_control",
      "container",
      "context_management",
      "inference_geo",
      "mcp_servers",
      "metadata.team",
      "top_k",
    ]);
    expect(toChat({ top_k: 5 }, { translated: true })).toMatchObject({ chat: { top_k: 5 }, dropped: [] });
  });

  test("numbers that a double cannot hold stay as they are", () => {
    const body = `{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"id":12345678901234567890}}]}]}`;
    const request = { body: JsonBody.parse(body, { maxDepth: 64, maxValues: 1000 }), model: "m", stream: false };
    expect(textToChat(request).text).toContain(String.raw`{\"id\":12345678901234567890}`);
  });

  test.each([false, true])("large bodies, too, keep their data, and their numbers: %s", (long) => {
    const data = "iVBO".repeat(100_000);
    const image = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${data}"}}`;
    const call = '{"type":"tool_use","id":"t","name":"n","input":{"id":12345678901234567890}}';
    const asked = `{"role":"user","content":[${image}]}`;
    const messages = long ? `${asked},{"role":"assistant","content":[${call}]}` : asked;
    const bytes = Buffer.from(`{"model":"m","max_tokens":1,"messages":[${messages}]}`);
    const body = parseLarge(bytes, { maxDepth: 64, maxValues: 1000 });
    const request = { body, model: "m", stream: false };
    const sent = body.large!.encoded(() => ({ body: textToChat(request).text })).body as unknown as Uint8Array[];
    const text = typeof sent === "string" ? sent : Buffer.concat(sent).toString();
    expect(text).toContain(`"url":"data:image/png;base64,${data}"`);
    if (long) expect(text).toContain(String.raw`{\"id\":12345678901234567890}`);
  });

  test("words put into the assistant's mouth are named: a chat does not go on from them", () => {
    const messages = [...hello, { role: "assistant", content: "{" }];
    expect(toChat({ messages }).dropped).toEqual(["messages.prefill"]);
    expect(toChat({ messages }, { translated: true }).dropped).toEqual([]);
  });

  test("a request that only fills Anthropic's cache goes elsewhere", () => {
    expect(refusalOf(() => toChat({ max_tokens: 0 }))).toMatchObject({ code: "unsupported" });
  });
});

describe("content", () => {
  test("several texts stay several parts, one is a string", () => {
    const { chat } = toChat({ system: [text("A"), text("B")], messages: [turn("user", text("C"))] });
    expect(chat.messages).toEqual([
      { role: "system", content: [text("A"), text("B")] },
      { role: "user", content: "C" },
    ]);
  });

  test("images by data and by address", () => {
    const image = { type: "image", source: PNG };
    const linked = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
    const { chat } = toChat({ messages: [turn("user", image, linked)] });
    expect(chat.messages).toEqual([
      turn("user", PNG_PART, { type: "image_url", image_url: { url: "https://example.com/a.png" } }),
    ]);
  });

  test("documents of every kind that has a form", () => {
    const document = (source: unknown, more = {}) => ({ type: "document", source, ...more });
    const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };
    const { chat } = toChat({
      messages: [
        turn(
          "user",
          document(pdf),
          document(pdf, { title: "Terms.pdf", context: "The contract" }),
          document({ type: "text", media_type: "text/plain", data: "Once" }, { title: "Tale" }),
          document({ type: "file", file_id: "file-1" }),
          document({ type: "content", content: [text("Twice"), { type: "image", source: PNG }] }),
          { type: "search_result", title: "Hit", source: "https://x.y", content: [text("Found")] },
        ),
      ],
    });
    const file_data = "data:application/pdf;base64,JVBERi0=";
    expect(chat.messages).toEqual([
      turn(
        "user",
        { type: "file", file: { filename: "document.pdf", file_data } },
        text("The contract"),
        { type: "file", file: { filename: "Terms.pdf", file_data } },
        text("Tale\n\nOnce"),
        { type: "file", file: { file_id: "file-1" } },
        text("Twice"),
        PNG_PART,
        text("Hit\n\nhttps://x.y\n\nFound"),
      ),
    ]);
  });

  test.each([
    ["a document by address", { type: "document", source: { type: "url", url: "https://x.y/z.pdf" } }],
    ["an image that Anthropic keeps", { type: "image", source: { type: "file", file_id: "f" } }],
    ["a container's file", { type: "container_upload", file_id: "f" }],
  ])("%s goes elsewhere rather than missing", (_, block) => {
    expect(refusalOf(() => toChat({ messages: [turn("user", block)] }))).toMatchObject({
      code: "unsupported",
      details: { param: expect.stringMatching(/^messages\[0\]\.content/) },
    });
  });

  test("what Anthropic's own tools did cannot be told to others", () => {
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} };
    expect(refusalOf(() => toChat({ messages: [...hello, turn("assistant", search)] }))).toMatchObject({
      code: "unsupported",
    });
  });

  test("wished citations are named: nobody else makes them", () => {
    const source = { type: "text", media_type: "text/plain", data: "x" };
    const block = { type: "document", source, citations: { enabled: true } };
    expect(toChat({ messages: [turn("user", block)] }).dropped).toEqual(["messages.content.citations"]);
  });
});

describe("tools", () => {
  const call = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } };
  const result = (content: unknown, more = {}) => ({ type: "tool_result", tool_use_id: "toolu_1", content, ...more });

  test("call and result keep id, name and input; what the user adds comes after", () => {
    const { chat } = toChat({
      messages: [...hello, turn("assistant", text("Let me see."), call), turn("user", text("Well?"), result("Rain"))],
    });
    expect(chat.messages).toEqual([
      ...hello,
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [{ id: "toolu_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
      },
      { role: "tool", tool_call_id: "toolu_1", content: "Rain" },
      { role: "user", content: "Well?" },
    ]);
  });

  test("images in a result stay there for wires that are translated, and follow it for servers of chat", () => {
    const messages = [turn("user", result([text("See"), { type: "image", source: PNG }], { is_error: true }))];
    const translated = toChat({ messages }, { translated: true });
    expect(translated.chat.messages).toEqual([
      { role: "tool", tool_call_id: "toolu_1", content: [text("See"), PNG_PART], is_error: true },
    ]);
    expect(translated.dropped).toEqual([]);
    const plain = toChat({ messages });
    expect(plain.chat.messages).toEqual([
      { role: "tool", tool_call_id: "toolu_1", content: "See" },
      turn("user", text("Attached to the result of toolu_1:"), PNG_PART),
    ]);
    expect(plain.dropped).toEqual(["messages.content.is_error"]);
  });

  test("tools and every way to choose among them", () => {
    const asked = (choice: unknown) => toChat({ tools: [{ ...weather, strict: true }], tool_choice: choice }).chat;
    expect(asked(undefined).tools).toEqual([
      {
        type: "function",
        function: {
          name: "weather",
          description: "The weather",
          parameters: { type: "object", properties: {} },
          strict: true,
        },
      },
    ]);
    expect(asked({ type: "auto" }).tool_choice).toBe("auto");
    expect(asked({ type: "any" }).tool_choice).toBe("required");
    expect(asked({ type: "none" }).tool_choice).toBe("none");
    expect(asked({ type: "tool", name: "weather" }).tool_choice).toEqual({
      type: "function",
      function: { name: "weather" },
    });
    expect(asked({ type: "auto", disable_parallel_tool_use: true }).parallel_tool_calls).toBe(false);
  });

  test("tools that Anthropic defines are named, and refused when one of them is demanded", () => {
    const search = { type: "web_search_20250305", name: "web_search" };
    const { chat, dropped } = toChat({ tools: [search, weather], tool_choice: { type: "auto" } });
    expect(chat.tools).toHaveLength(1);
    expect(dropped).toEqual(["tools.web_search_20250305"]);
    const forced = { tools: [search, weather], tool_choice: { type: "tool", name: "web_search" } };
    expect(refusalOf(() => toChat(forced))).toMatchObject({ code: "unsupported" });
    expect(refusalOf(() => toChat({ tools: [search], tool_choice: { type: "any" } }))).toMatchObject({
      code: "unsupported",
    });
    expect(toChat({ tools: [search] }).chat.tools).toBeUndefined();
  });

  test("what a tool says beyond its schema is named where it asks for something", () => {
    const tool = { ...weather, defer_loading: true, allowed_callers: ["direct"], input_examples: [] };
    expect(toChat({ tools: [tool] }).dropped).toEqual(["tools.defer_loading"]);
  });

  test("another provider's state on a call goes back to who understands it", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    const messages = [turn("assistant", { ...call, extra_content })];
    const sent = (behind: Parameters<typeof toChat>[1]) => JSON.stringify(toChat({ messages }, behind).chat);
    expect(sent({ translated: true })).toContain("thought_signature");
    expect(sent({ model: "gemini-3-pro" })).toContain("thought_signature");
    expect(sent({ model: "gpt-5" })).not.toContain("thought_signature");
  });
});

describe("thinking", () => {
  const thought = (signature: string) => ({ type: "thinking", thinking: "Hm.", signature });
  const hidden = { type: "redacted_thinking", data: "ZGF0YQ==" };
  const asked = (...blocks: unknown[]) => ({
    messages: [...hello, turn("assistant", ...blocks, text("Yes.")), ...hello],
  });
  const said = (chat: Record<string, unknown>) => (chat.messages as unknown[]).at(-2);

  test("signed thoughts reach wires that are translated unchanged", () => {
    const { chat, dropped } = toChat(asked(thought("sig"), hidden), { translated: true });
    expect(said(chat)).toEqual({
      role: "assistant",
      content: "Yes.",
      reasoning_content: "Hm.",
      thinking_blocks: [thought("sig"), hidden],
    });
    expect(dropped).toEqual([]);
  });

  test("a server of chat gets back its own thoughts, and nobody else's", () => {
    const own = toChat(asked(thought(MARK)));
    expect(said(own.chat)).toEqual({ role: "assistant", content: "Yes.", reasoning_content: "Hm." });
    expect(own.dropped).toEqual([]);
    for (const foreign of [thought("sig"), thought("reasoning_content@p/other"), hidden]) {
      const { chat, dropped } = toChat(asked(foreign));
      expect(said(chat)).toEqual({ role: "assistant", content: "Yes." });
      expect(dropped).toEqual(["messages.content.thinking"]);
    }
  });

  test.each([
    [{ thinking: { type: "enabled", budget_tokens: 1024 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 2048 } }, "medium"],
    [{ thinking: { type: "enabled", budget_tokens: 10000 } }, "high"],
    [{ thinking: { type: "adaptive" } }, undefined],
    [{ thinking: { type: "adaptive" }, output_config: { effort: "max" } }, "max"],
    [{ output_config: { effort: "low" } }, "low"],
  ])("%j is the effort %s", (fields, effort) => {
    const { chat, dropped } = toChat(fields);
    expect([chat.reasoning_effort, dropped]).toEqual([effort, []]);
  });

  test("thinking that shall not be is told where that can be said, and named elsewhere", () => {
    const disabled = { thinking: { type: "disabled" }, output_config: { effort: "high" } };
    expect(toChat(disabled, { translated: true })).toMatchObject({ chat: { reasoning_effort: "none" }, dropped: [] });
    const { chat, dropped } = toChat(disabled);
    expect([chat.reasoning_effort, dropped]).toEqual([undefined, ["thinking"]]);
  });
});

describe("the answer's form", () => {
  const closed = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };
  const formatted = (schema: unknown) => toChat({ output_config: { format: { type: "json_schema", schema } } }).chat;

  test("a schema is enforced where OpenAI would take it for that", () => {
    expect(formatted(closed).response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", schema: closed, strict: true },
    });
    expect(formatted({ ...closed, required: [] }).response_format).toMatchObject({ json_schema: { strict: false } });
    expect(formatted({ ...closed, properties: { a: { type: "object" } } }).response_format).toMatchObject({
      json_schema: { strict: false },
    });
  });

  test("its old name works too; what is no schema is named", () => {
    const { chat } = toChat({ output_format: { type: "json_schema", schema: closed } });
    expect(chat.response_format).toMatchObject({ json_schema: { strict: true } });
    expect(toChat({ output_format: "markdown" }).dropped).toEqual(["output_format"]);
    expect(toChat({ output_config: { task_budget: { type: "tokens" } } }).dropped).toEqual([
      "output_config.task_budget",
    ]);
  });
});

describe("cache marks", () => {
  const asked = {
    system: [{ ...text("S"), cache_control: ephemeral }],
    messages: [turn("user", { ...text("U"), cache_control: ephemeral })],
    tools: [{ ...weather, cache_control: ephemeral }],
  };

  test("stay on parts and tools for wires that are translated", () => {
    const { chat, dropped } = toChat(asked, { translated: true });
    expect(chat.messages).toEqual([
      turn("system", { ...text("S"), cache_control: ephemeral }),
      turn("user", { ...text("U"), cache_control: ephemeral }),
    ]);
    expect(chat.tools).toMatchObject([{ cache_control: ephemeral }]);
    expect(dropped).toEqual([]);
  });

  test("become OpenAI's where the model knows such marks, and are named where it does not", () => {
    const newer = toChat(asked, { model: "gpt-5.6-terra" });
    expect(newer.chat.messages).toMatchObject([
      { content: [{ prompt_cache_breakpoint: { mode: "explicit" } }] },
      { content: [{ prompt_cache_breakpoint: { mode: "explicit" } }] },
    ]);
    expect(newer.dropped).toEqual(["tools.cache_control"]);
    const older = toChat(asked, { model: "gpt-5.1" });
    expect(older.chat.messages).toEqual([
      { role: "system", content: "S" },
      { role: "user", content: "U" },
    ]);
    expect(older.dropped).toEqual(["messages.content.cache_control", "tools.cache_control"]);
  });
});

test("what a provider's wire cannot honour of the chat is named as it stood in the request", () => {
  const names = ["reasoning_effort", "response_format.json_schema.schema.minLength", "tools.function.strict", "top_k"];
  expect(names.map((name) => messages.nameOf?.(name))).toEqual([
    "thinking",
    "output_config.format.schema.minLength",
    "tools.strict",
    "top_k",
  ]);
});
