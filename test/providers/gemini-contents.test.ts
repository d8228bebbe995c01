import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { chat, encode, MODEL, NEW_MODEL, requestOf, targetOf } from "./gemini-door.ts";

const contents = (messages: readonly JsonObject[], more: JsonObject = {}) =>
  encode({ messages, ...more }).body.contents;
const parts = (content: unknown) => (contents([{ role: "user", content }]) as { parts: unknown }[])[0]!.parts;
const call = (id: string, name: string, args: string, more: JsonObject = {}) => ({
  id,
  type: "function",
  function: { name, arguments: args },
  ...more,
});
const signature = { extra_content: { google: { thought_signature: "c2ln" } } };

describe("who speaks", () => {
  test("instructions go to the front, wherever they stand", () => {
    const { body } = encode({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
        { role: "developer", content: [{ type: "text", text: "In German." }] },
      ],
    });
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: "Be brief." }, { text: "In German." }] },
      contents: [{ role: "user", parts: [{ text: "Hi" }] }],
    });
  });

  test("instructions alone are the user's word", () => {
    expect(encode({ messages: [{ role: "system", content: "Hi" }] }).body).toEqual({
      contents: [{ role: "user", parts: [{ text: "Hi" }] }],
    });
  });

  test("Gemma has no place for instructions but the user's turn", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ];
    expect(encode({ model: "gemma-3-27b-it", messages }).body).toEqual({
      contents: [{ role: "user", parts: [{ text: "Be brief." }, { text: "Hi" }] }],
    });
  });

  test("an empty word of the assistant's is no turn", () => {
    expect(
      contents([
        { role: "user", content: "" },
        { role: "assistant", content: "" },
      ]),
    ).toEqual([{ role: "user", parts: [{ text: "" }] }]);
  });

  test("names and marks are named as dropped", () => {
    const messages = [{ role: "user", name: "Ada", content: "Hi", cache_control: { type: "ephemeral" } }];
    expect(encode({ messages }).dropped).toEqual(["messages.name", "messages.cache_control"]);
  });

  test("roles that nobody knows are refused", () => {
    expect(() => encode({ messages: [{ role: "robot", content: "Hi" }] })).toThrow(/messages\[0\]\.role/);
    expect(() => encode({ messages: [{ role: "function", content: "Hi" }] })).toThrow(/does not take/);
  });
});

describe("what is shown", () => {
  test("pictures go by value or by address", () => {
    expect(
      parts([
        { type: "text", text: "Look" },
        { type: "image_url", image_url: { url: "data:image/jpg;base64,AAAA" } },
        { type: "image_url", image_url: { url: "https://example.org/a.webp?x=1#y", detail: "auto" } },
        { type: "image_url", image_url: { url: "gs://bucket/photo" } },
      ]),
    ).toEqual([
      { text: "Look" },
      { inlineData: { mimeType: "image/jpeg", data: "AAAA" } },
      { fileData: { mimeType: "image/webp", fileUri: "https://example.org/a.webp?x=1#y" } },
      { fileData: { mimeType: "image/jpeg", fileUri: "gs://bucket/photo" } },
    ]);
  });

  test("sound, films and documents as well", () => {
    expect(
      parts([
        { type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } },
        { type: "video_url", video_url: { url: "https://www.youtube.com/watch?v=x" } },
        { type: "file", file: { file_data: "JVBERi0xLjQ=" } },
        { type: "file", file: { file_data: "data:application/json;base64,e30=" } },
        { type: "file", file: { file_id: "files/abc-1" } },
        { type: "file", file: { file_data: "IyBIaQ==", filename: "notes.md" } },
      ]),
    ).toEqual([
      { inlineData: { mimeType: "audio/mp3", data: "AAAA" } },
      { fileData: { mimeType: "video/mp4", fileUri: "https://www.youtube.com/watch?v=x" } },
      { inlineData: { mimeType: "application/pdf", data: "JVBERi0xLjQ=" } },
      { inlineData: { mimeType: "text/plain", data: "e30=" } },
      {
        fileData: {
          mimeType: "application/pdf",
          fileUri: "https://generativelanguage.googleapis.com/v1beta/files/abc-1",
        },
      },
      { inlineData: { mimeType: "text/markdown", data: "IyBIaQ==" } },
    ]);
  });

  test("parts of Gemini's own pass", () => {
    const own = { fileData: { fileUri: "gs://b/film.mp4", mimeType: "video/mp4" }, videoMetadata: { fps: 2 } };
    expect(parts([own])).toEqual([own]);
  });

  test("what Gemini cannot fetch or read is refused, so that another target can be asked", () => {
    const refused = [
      { type: "image_url", image_url: { url: "ftp://example.org/a.png" } },
      { type: "file", file: { file_data: "data:application/zip;base64,AAAA" } },
      { type: "file", file: { file_data: "AAAA" } },
      { type: "file", file: { file_id: "file-abc" } },
      { type: "hologram" },
    ];
    for (const part of refused) {
      expect(() => parts([part])).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
  });

  test("a wish for detail is named as dropped", () => {
    const content = [{ type: "image_url", image_url: { url: "https://example.org/a.png", detail: "high" } }];
    expect(encode({ messages: [{ role: "user", content }] }).dropped).toEqual(["messages.content.image_url.detail"]);
  });
});

describe("calls and results", () => {
  const exchange = [
    { role: "user", content: "Weather?" },
    {
      role: "assistant",
      content: "A moment.",
      tool_calls: [call("c1", "weather", '{"id":12345678901234567890}', signature), call("c2", "time", "")],
    },
    { role: "tool", tool_call_id: "c2", content: "noon" },
    { role: "tool", tool_call_id: "c1", content: '{"degrees":1.50}' },
  ];

  test("are one turn each, in their order, by name and id", () => {
    const request = encode({ messages: exchange });
    expect(request.dropped).toEqual([]);
    expect(request.body.contents).toMatchObject([
      { role: "user" },
      {
        role: "model",
        parts: [
          { text: "A moment." },
          { functionCall: { id: "c1", name: "weather" }, thoughtSignature: "c2ln" },
          { functionCall: { id: "c2", name: "time", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "c2", name: "time", response: { output: "noon" } } },
          { functionResponse: { id: "c1", name: "weather", response: { degrees: 1.5 } } },
        ],
      },
    ]);
  });

  test("keep numbers that a double cannot hold", () => {
    const { body } = chat.encode(requestOf({ messages: exchange }), targetOf(MODEL));
    expect(body).toContain('"id":12345678901234567890');
  });

  test("of different turns stay apart", () => {
    const again = [
      { role: "assistant", content: null, tool_calls: [call("c3", "weather", "{}")] },
      { role: "tool", tool_call_id: "c3", content: "rain" },
    ];
    const turns = contents([...exchange, ...again]) as { role: string }[];
    expect(turns.map(({ role }) => role)).toEqual(["user", "model", "user", "model", "user"]);
  });

  test("a result of a call that nobody made is the client's mistake", () => {
    expect(() => encode({ messages: [{ role: "tool", tool_call_id: "x", content: "y" }] })).toThrow(
      /names no tool call/,
    );
  });

  test("failures, texts and what is no object have their places", () => {
    const result = (message: JsonObject) =>
      (contents([exchange[1]!, { role: "tool", tool_call_id: "c1", ...message }]) as { parts: JsonObject[] }[])[1]!
        .parts[0]!.functionResponse;
    expect(result({ content: "gone", is_error: true })).toMatchObject({ response: { error: "gone" } });
    expect(result({ content: "[1,2]" })).toMatchObject({ response: { output: "[1,2]" } });
    expect(result({ content: "{broken" })).toMatchObject({ response: { output: "{broken" } });
    expect(result({ content: ["a", "b"].map((text) => ({ type: "text", text })) })).toMatchObject({
      response: { output: ["a", "b"] },
    });
  });

  test("pictures in a result stand in it from Gemini 3 on, beside it before", () => {
    const content = [
      { type: "text", text: "seen" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const messages = [
      exchange[1]!,
      { role: "tool", tool_call_id: "c1", content },
      { role: "tool", tool_call_id: "c2", content: "x" },
    ];
    const picture = { inlineData: { mimeType: "image/png", data: "AAAA" } };
    expect(contents(messages, { model: NEW_MODEL })).toMatchObject([
      {},
      { parts: [{ functionResponse: { response: { output: "seen" }, parts: [picture] } }, { functionResponse: {} }] },
    ]);
    const [, { parts: beside }] = contents(messages) as [unknown, { parts: JsonObject[] }];
    expect(beside.map((part) => Object.keys(part)[0])).toEqual(["functionResponse", "functionResponse", "inlineData"]);
    expect(beside[0]!.functionResponse).not.toHaveProperty("parts");
  });

  test("arguments that are no object stay readable", () => {
    const messages = [{ role: "assistant", tool_calls: [call("c", "f", '{"cut')] }];
    expect(contents(messages)).toMatchObject([{ parts: [{ functionCall: { args: { invalid_json: '{"cut' } } }] }]);
  });
});

describe("signatures", () => {
  const unsigned = { role: "assistant", tool_calls: [call("a", "f", "{}"), call("b", "g", "{}")] };

  test("that a client did not keep are excused, on the first call, where they are demanded", () => {
    const [turn] = contents([unsigned], { model: NEW_MODEL }) as { parts: JsonObject[] }[];
    expect(turn!.parts.map(({ thoughtSignature }) => thoughtSignature)).toEqual([
      "skip_thought_signature_validator",
      undefined,
    ]);
    const [old] = contents([unsigned]) as { parts: JsonObject[] }[];
    expect(old!.parts.map(({ thoughtSignature }) => thoughtSignature)).toEqual([undefined, undefined]);
  });

  test("of text go back on the last text, or on an empty one", () => {
    expect(contents([{ role: "assistant", content: "13", ...signature }])).toEqual([
      { role: "model", parts: [{ text: "13", thoughtSignature: "c2ln" }] },
    ]);
    const [turn] = contents([{ ...unsigned, ...signature }]) as { parts: JsonObject[] }[];
    expect(turn!.parts.at(-1)).toEqual({ text: "", thoughtSignature: "c2ln" });
  });

  test("of pictures go back on them", () => {
    const images = [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" }, ...signature }];
    expect(contents([{ role: "assistant", content: "Here", images }])).toEqual([
      {
        role: "model",
        parts: [{ text: "Here" }, { inlineData: { mimeType: "image/png", data: "AAAA" }, thoughtSignature: "c2ln" }],
      },
    ]);
  });

  test("stand for the thoughts; thoughts without one cannot be given back", () => {
    const thought = { role: "assistant", content: "13", reasoning_content: "7 + 6" };
    expect(encode({ messages: [thought] }).dropped).toEqual(["messages.reasoning_content"]);
    expect(encode({ messages: [{ ...thought, ...signature }] }).dropped).toEqual([]);
    const foreign = { ...thought, thinking_blocks: [{ type: "thinking", thinking: "x", signature: "y" }] };
    expect(encode({ messages: [foreign] }).dropped).toEqual(["messages.thinking_blocks"]);
  });
});
