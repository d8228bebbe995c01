import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { adapterWith, CLAUDE, encode, hello, QWEN, requestOf, targetOf, turnsOf } from "./bedrock-door.ts";

const contentOf = (content: unknown, chat: JsonObject = {}) =>
  turnsOf([{ role: "user", content }], chat)[0]!.content as JsonObject[];

const call = (id: string, name: string, text: string) => ({
  id,
  type: "function",
  function: { name, arguments: text },
});
const png = "data:image/png;base64,iVBORw0KGgo=";

describe("messages", () => {
  test("of one side in a row become one turn, instructions go to the front", () => {
    const { body } = encode({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "One" },
        { role: "user", content: [{ type: "text", text: "two" }] },
        { role: "developer", content: "Be kind." },
        { role: "assistant", content: "Three" },
      ],
    });
    expect(body).toEqual({
      system: [{ text: "Be brief." }, { text: "Be kind." }],
      messages: [
        { role: "user", content: [{ text: "One" }, { text: "two" }] },
        { role: "assistant", content: [{ text: "Three" }] },
      ],
    });
  });

  test("that only instruct are said by the user", () => {
    expect(encode({ messages: [{ role: "system", content: "Say hello." }] }).body).toEqual({
      messages: [{ role: "user", content: [{ text: "Say hello." }] }],
    });
  });

  test("without text are left out, spaces are not", () => {
    expect(
      turnsOf([
        { role: "user", content: "Hi" },
        { role: "assistant", content: "" },
        {
          role: "user",
          content: [
            { type: "text", text: "" },
            { type: "text", text: "\n" },
          ],
        },
      ]),
    ).toEqual([{ role: "user", content: [{ text: "Hi" }, { text: "\n" }] }]);
  });

  test("that are to be continued end without a space", () => {
    const turns = turnsOf([...hello, { role: "assistant", content: "Once upon " }]);
    expect(turns[1]).toEqual({ role: "assistant", content: [{ text: "Once upon" }] });
  });

  test("name what is lost of them", () => {
    const { dropped } = encode({
      messages: [
        { role: "user", name: "Ann", content: "Hi" },
        { role: "assistant", content: "Hm", reasoning_content: "unsigned", audio: { id: "a" }, function_call: {} },
        { role: "user", content: [{ type: "image_url", image_url: { url: png, detail: "low" } }] },
      ],
    });
    expect(dropped).toEqual([
      "messages.name",
      "messages.audio",
      "messages.function_call",
      "messages.reasoning_content",
      "messages.content.image_url.detail",
    ]);
  });

  test("name every field that is not read", () => {
    const { dropped } = encode({
      messages: [{ role: "user", mood: "good", content: [{ type: "text", text: "Hi", size: 3 }] }],
      tools: [{ type: "function", extra: 1, function: { name: "f", examples: [] } }],
      stream_options: { include_usage: true, include_obfuscation: true, pace: 1 },
      max_tokens: 5,
      max_completion_tokens: 6,
      metadata: "note",
    });
    expect(dropped).toEqual([
      "tools.extra",
      "tools.function.examples",
      "max_tokens",
      "messages.mood",
      "messages.content.size",
      "metadata",
      "stream_options.include_obfuscation",
      "stream_options.pace",
    ]);
  });

  test.each([
    [[{ role: "user", content: 5 }], "messages[0].content"],
    [[{ role: "nobody", content: "x" }], "messages[0].role"],
    [[{ role: "user", content: [{ type: "text", text: 5 }] }], "messages[0].content[0].text"],
    [[{ role: "tool", content: "x" }], "messages[0].tool_call_id"],
    [[{ role: "assistant", tool_calls: [{ id: "a" }] }], "messages[0].tool_calls[0].function.name"],
  ])("%j are refused at the place of the fault", (messages, param) => {
    expect(() => encode({ messages })).toThrow(
      expect.objectContaining({ code: "invalid_request", details: { param } }),
    );
  });
});

describe("tool calls and results", () => {
  test("go back and forth, results first in the user's turn", () => {
    const turns = turnsOf([
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Looking.",
        tool_calls: [call("a", "look", '{"at":"Rome"}'), call("b", "now", "")],
      },
      { role: "user", content: "Hurry!" },
      { role: "tool", tool_call_id: "a", content: "sunny" },
      { role: "tool", tool_call_id: "b", content: [{ type: "image_url", image_url: { url: png } }], is_error: true },
    ]);
    expect(turns).toEqual([
      { role: "user", content: [{ text: "Weather?" }] },
      {
        role: "assistant",
        content: [
          { text: "Looking." },
          { toolUse: { toolUseId: "a", name: "look", input: { at: "Rome" } } },
          { toolUse: { toolUseId: "b", name: "now", input: {} } },
        ],
      },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "a", content: [{ text: "sunny" }] } },
          {
            toolResult: {
              toolUseId: "b",
              content: [{ image: { format: "png", source: { bytes: "iVBORw0KGgo=" } } }],
              status: "error",
            },
          },
          { text: "Hurry!" },
        ],
      },
    ]);
  });

  test("keep long numbers, and arguments that are no JSON", () => {
    expect(
      encode({ messages: [{ role: "assistant", tool_calls: [call("a", "f", '{"cut":')] }] }).body.messages,
    ).toEqual([
      { role: "assistant", content: [{ toolUse: { toolUseId: "a", name: "f", input: { invalid_json: '{"cut":' } } }] },
    ]);
    const long = '{"id":12345678901234567890}';
    const request = requestOf({ messages: [{ role: "assistant", tool_calls: [call("a", "f", long)] }] });
    expect(adapterWith().encode(request, targetOf(CLAUDE)).body).toContain(`"input":${long}`);
  });

  test("have ids that Bedrock takes, the same for call and result", () => {
    const ids = ["call/1:x", `call_${"x".repeat(80)}`];
    const turns = turnsOf(
      ids.flatMap((id) => [
        { role: "assistant", tool_calls: [call(id, "f", "{}")] },
        { role: "tool", tool_call_id: id, content: "y" },
      ]),
    );
    const uses = turns.flatMap(({ content }) => content as { toolUse?: JsonObject; toolResult?: JsonObject }[]);
    const seen = uses.map(({ toolUse, toolResult }) => (toolUse ?? toolResult)!.toolUseId as string);
    expect(seen[0]).toBe("call_1_x");
    expect([seen[0], seen[2]]).toEqual([seen[1], seen[3]]);
    expect(seen.every((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id))).toBe(true);
    expect(seen[2]).not.toBe(seen[0]);
  });
});

describe("thoughts", () => {
  test("go back with their signatures, before what was said", () => {
    const thinking_blocks = [
      { type: "thinking", thinking: "Hm.", signature: "SIG" },
      { type: "redacted_thinking", data: "AAEC" },
      { type: "thinking", thinking: "Another provider's.", signature: "" },
    ];
    const { body, dropped } = encode({
      messages: [...hello, { role: "assistant", content: "Hi", reasoning_content: "Hm.", thinking_blocks }],
    });
    expect((body.messages as JsonObject[])[1]!.content).toEqual([
      { reasoningContent: { reasoningText: { text: "Hm.", signature: "SIG" } } },
      { reasoningContent: { redactedContent: "AAEC" } },
      { text: "Hi" },
    ]);
    expect(dropped).toEqual(["messages.thinking_blocks"]);
  });
});

describe("content", () => {
  test.each([
    ["image/png", "png"],
    ["image/jpg", "jpeg"],
    ["image/jpeg", "jpeg"],
    ["image/gif", "gif"],
    ["image/webp", "webp"],
  ])("an image of the type %s goes by data as %s", (type, format) => {
    const url = `data:${type};base64,AAAA`;
    expect(contentOf([{ type: "image_url", image_url: { url } }])).toEqual([
      { image: { format, source: { bytes: "AAAA" } } },
    ]);
  });

  test("an image in S3 goes by its address", () => {
    const uri = "s3://bucket/folder/cat.JPG";
    expect(contentOf([{ type: "image_url", image_url: { url: uri } }])).toEqual([
      { image: { format: "jpeg", source: { s3Location: { uri } } } },
    ]);
  });

  test.each([
    [{ type: "image_url", image_url: { url: "https://example.com/cat.png" } }],
    [{ type: "image_url", image_url: { url: "data:image/tiff;base64,AAAA" } }],
    [{ type: "file", file: { file_id: "file-1" } }],
    [{ type: "file", file: { file_data: "data:application/zip;base64,AAAA" } }],
    [{ type: "hologram", hologram: {} }],
  ])("%j is unsupported: another provider may take it", (part) => {
    expect(() => contentOf([part])).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test.each([
    ["data:application/pdf;base64,JVBERi0=", "Report Q3.pdf", "Report Q3", "pdf"],
    ["JVBERi0=", undefined, "Document", "pdf"],
    ["data:application/txt;base64,AAAA", "notes.txt", "notes", "txt"],
    ["data:text/csv,a,b", "Zahlen_2026 (neu).csv", "Zahlen 2026 (neu)", "csv"],
    ["data:application/json;base64,e30=", "…/./x.json", "x", "txt"],
    ["data:application/octet-stream;base64,AAAA", "old.docx", "old", "docx"],
  ])("the file %s (%s) is the document %s (%s)", (file_data, filename, name, format) => {
    const [block] = contentOf([{ type: "file", file: { file_data, filename } }]);
    expect(block).toMatchObject({ document: { name, format } });
  });

  test("documents of one name get numbers, since Bedrock wants every name once", () => {
    const file = { type: "file", file: { file_data: "data:text/plain,x", filename: "a.txt" } };
    const names = contentOf([file, file, file]).map(({ document }) => (document as JsonObject).name);
    expect(names).toEqual(["a", "a 2", "a 3"]);
  });

  test("documents keep what says how they are cited", () => {
    const file = { file_data: "data:text/plain,x", filename: "a.txt" };
    expect(contentOf([{ type: "file", file, citations: { enabled: true }, context: "A note." }])).toEqual([
      {
        document: {
          name: "a",
          format: "txt",
          source: { bytes: "eA==" },
          citations: { enabled: true },
          context: "A note.",
        },
      },
    ]);
  });

  test("audio goes by data", () => {
    expect(contentOf([{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }])).toEqual([
      { audio: { format: "wav", source: { bytes: "AAAA" } } },
    ]);
  });

  test("blocks of Converse's own pass as they are", () => {
    const guarded = { guardContent: { text: { text: "Check this." } } };
    const video = { video: { format: "mp4", source: { s3Location: { uri: "s3://bucket/a.mp4" } } } };
    expect(contentOf([guarded, video])).toEqual([guarded, video]);
  });
});

describe("marks for the prompt cache", () => {
  const cache_control = { type: "ephemeral" };
  const messages = [
    { role: "system", content: "Long.", cache_control },
    { role: "user", content: [{ type: "text", text: "Long, too.", cache_control: { ...cache_control, ttl: "1h" } }] },
    { role: "assistant", tool_calls: [call("a", "f", "{}")] },
    { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "Longest.", cache_control }] },
  ];
  const point = { cachePoint: { type: "default" } };

  test("become cache points behind what they stand on", () => {
    const { body, dropped } = encode({ messages, model: CLAUDE });
    const [user, , results] = body.messages as JsonObject[];
    expect(body.system).toEqual([{ text: "Long." }, point]);
    expect(user!.content).toEqual([{ text: "Long, too." }, { cachePoint: { type: "default", ttl: "1h" } }]);
    expect(results!.content).toEqual([{ toolResult: { toolUseId: "a", content: [{ text: "Longest." }] } }, point]);
    expect(dropped).toEqual([]);
  });

  test("are named where a model has no cache", () => {
    const { body, dropped } = encode({ messages, model: QWEN });
    expect(JSON.stringify(body)).not.toContain("cachePoint");
    expect(dropped).toEqual(["messages.cache_control", "messages.content.cache_control"]);
  });
});
