import { expect, test } from "vitest";
import { adapterWith, encode, requestOf, targetOf } from "./anthropic-door.ts";

/** The conversation as it is sent. */
function sent(messages: readonly unknown[]) {
  const { body, dropped } = encode({ messages });
  return { system: body.system, messages: body.messages, dropped };
}

const text = (words: string) => ({ type: "text", text: words });
const user = (...content: unknown[]) => ({ role: "user", content });
const call = (id: string, name: string, args: unknown) => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

test("system and developer messages go to the front, one as text and several as blocks", () => {
  expect(
    sent([
      { role: "system", content: "A" },
      { role: "user", content: "Q" },
    ]),
  ).toEqual({
    system: "A",
    messages: [user(text("Q"))],
    dropped: [],
  });
  const scattered = [
    { role: "system", content: "A" },
    { role: "user", content: "Q" },
    { role: "developer", content: [text("B")] },
  ];
  expect(sent(scattered)).toEqual({ system: [text("A"), text("B")], messages: [user(text("Q"))], dropped: [] });
});

test("a conversation of instructions alone is said by the user", () => {
  expect(sent([{ role: "system", content: "Say hi" }])).toEqual({
    system: undefined,
    messages: [user(text("Say hi"))],
    dropped: [],
  });
});

test("messages of one side in a row become one turn, tool results first", () => {
  const messages = [
    { role: "user", content: "one" },
    { role: "user", content: "two" },
    { role: "assistant", content: "calling" },
    { role: "assistant", content: null, tool_calls: [call("a", "f", "{}"), call("b", "g", '{"x":[1]}')] },
    { role: "user", content: "meanwhile" },
    { role: "tool", tool_call_id: "a", content: "1" },
    {
      role: "tool",
      tool_call_id: "b",
      content: [text("2"), { type: "image_url", image_url: { url: "https://i.example/x" } }],
    },
  ];
  expect(sent(messages).messages).toEqual([
    user(text("one"), text("two")),
    {
      role: "assistant",
      content: [
        text("calling"),
        { type: "tool_use", id: "a", name: "f", input: {} },
        { type: "tool_use", id: "b", name: "g", input: { x: [1] } },
      ],
    },
    user(
      { type: "tool_result", tool_use_id: "a", content: "1" },
      {
        type: "tool_result",
        tool_use_id: "b",
        content: [text("2"), { type: "image", source: { type: "url", url: "https://i.example/x" } }],
      },
      text("meanwhile"),
    ),
  ]);
});

test.each([
  ["", {}],
  ["  ", {}],
  [undefined, {}],
  ["{}", {}],
  ['{"a":1}', { a: 1 }],
  ['{"text":"cut o', { invalid_json: '{"text":"cut o' }],
  ["[1]", { invalid_json: "[1]" }],
  ["7", { invalid_json: "7" }],
  ["12345678901234567890", { invalid_json: "12345678901234567890" }],
])("arguments %j are sent as %j", (args, input) => {
  const messages = [
    { role: "user", content: "q" },
    { role: "assistant", tool_calls: [call("a", "f", args)] },
  ];
  expect(sent(messages).messages).toMatchObject([{}, { content: [{ type: "tool_use", input }] }]);
});

test("numbers longer than a double survive in arguments", () => {
  const request = requestOf({
    messages: [{ role: "assistant", tool_calls: [call("a", "f", '{"id":1234567890123456789,"x":[0.5]}')] }],
  });
  const { body } = adapterWith().encode(request, targetOf("claude-haiku-4-5"));
  expect(body).toContain('"input":{"id":1234567890123456789,"x":[0.5]}');
});

test("ids of other providers are rewritten the same way in call and result", () => {
  const messages = [
    { role: "assistant", tool_calls: [call("functions.f:0", "f", "{}")] },
    { role: "tool", tool_call_id: "functions.f:0", content: "" },
  ];
  expect(sent(messages).messages).toEqual([
    { role: "assistant", content: [{ type: "tool_use", id: "functions_f_0", name: "f", input: {} }] },
    user({ type: "tool_result", tool_use_id: "functions_f_0" }),
  ]);
});

test("thinking blocks come back first and unchanged; thoughts without a signature cannot", () => {
  const thought = { type: "thinking", thinking: "Hm.", signature: "c2ln" };
  const hidden = { type: "redacted_thinking", data: "b3BhcXVl" };
  const unsigned = { type: "thinking", thinking: "Hm.", signature: "" };
  const message = { role: "assistant", content: "So:", reasoning_content: "Hm." };
  const reply = (thinking_blocks: unknown) =>
    sent([
      { role: "user", content: "q" },
      { ...message, thinking_blocks },
      { role: "user", content: "?" },
    ]);
  expect(reply([thought, hidden])).toMatchObject({
    messages: [{}, { content: [thought, hidden, text("So:")] }, {}],
    dropped: [],
  });
  expect(reply([unsigned])).toMatchObject({
    messages: [{}, { content: [text("So:")] }, {}],
    dropped: ["messages.thinking_blocks", "messages.reasoning_content"],
  });
});

test("blank text is left out, and the last word to be continued does not end in a space", () => {
  const messages = [
    { role: "user", content: [text(" \n"), text("q")] },
    { role: "assistant", content: "" },
    { role: "user", content: "more" },
    { role: "assistant", content: "Once \n" },
  ];
  expect(sent(messages).messages).toEqual([
    user(text("q"), text("more")),
    { role: "assistant", content: [text("Once")] },
  ]);
});

test("images and files become what Anthropic calls them", () => {
  const content = [
    { type: "image_url", image_url: { url: "DATA:image/JPEG;base64,/9j/", detail: "high" } },
    { type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } },
    { type: "file", file: { filename: "a.pdf", file_data: "JVBERi0x" } },
    { type: "file", file: { filename: "a.md", file_data: "data:text/markdown;charset=utf-8;base64,IyBIw6k=" } },
    { type: "file", file: { filename: "a.png", file_data: "data:image/png;base64,iVBO" } },
    { type: "file", file: { file_id: "file_011" } },
    { type: "document", source: { type: "url", url: "https://d.example/x.pdf" }, citations: { enabled: true } },
  ];
  expect(sent([{ role: "user", content }])).toEqual({
    system: undefined,
    messages: [
      user(
        { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "/9j/" } },
        {
          type: "image",
          source: { type: "base64", media_type: "image/svg+xml", data: Buffer.from("<svg/>").toString("base64") },
        },
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "JVBERi0x" },
          title: "a.pdf",
        },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "# Hé" }, title: "a.md" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } },
        { type: "document", source: { type: "file", file_id: "file_011" } },
        content[6],
      ),
    ],
    dropped: ["messages.content.image_url.detail"],
  });
});

test("cache marks hold on parts, on messages and on tool results", () => {
  const cache_control = { type: "ephemeral", ttl: "5m" };
  const messages = [
    { role: "system", content: "rules", cache_control },
    { role: "user", content: [{ ...text("a"), cache_control }, text("b")] },
    { role: "assistant", content: "c", cache_control, tool_calls: [call("x", "f", "{}")] },
    { role: "tool", tool_call_id: "x", content: "d", cache_control, is_error: true },
  ];
  expect(sent(messages)).toMatchObject({
    system: [{ ...text("rules"), cache_control }],
    messages: [
      { content: [{ ...text("a"), cache_control }, text("b")] },
      { content: [text("c"), { type: "tool_use", cache_control }] },
      { content: [{ type: "tool_result", content: "d", is_error: true, cache_control }] },
    ],
  });
});

test("a refusal is something the assistant said; names and old function calls are named as dropped", () => {
  const messages = [
    { role: "user", name: "ann", content: "q" },
    {
      role: "assistant",
      content: [{ type: "refusal", refusal: "No." }],
      audio: { id: "a" },
      function_call: { name: "f", arguments: "" },
    },
    { role: "user", content: "why" },
    { role: "assistant", content: null, refusal: "Because." },
  ];
  expect(sent(messages)).toMatchObject({
    messages: [{}, { content: [text("No.")] }, {}, { content: [text("Because.")] }],
    dropped: ["messages.name", "messages.audio", "messages.function_call"],
  });
});
