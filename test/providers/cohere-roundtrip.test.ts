import fc from "fast-check";
import type { JsonObject } from "../../src/protocol/json.ts";
import { chat } from "./cohere-door.ts";
import { eventStream } from "./wire-door.ts";
import { type Pieces, testRoundTrips } from "./wire-roundtrip.ts";

testRoundTrips({
  door: chat,
  ids: fc.string({ minLength: 1, maxLength: 20 }),
  asks: {},
  read: (message) => message,
  answerOf: (message) => ({ id: "c", message, finish_reason: "COMPLETE" }),
  streamOf,
});

interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

function streamOf({ content, tool_calls = [] }: JsonObject, pieces: Pieces): Buffer {
  const contents = partsOf(content).flatMap<JsonObject>(({ type, text, thinking }, index) => {
    const kind = type as "text" | "thinking";
    const event = (name: string, value: JsonObject) => ({ type: name, index, delta: { message: { content: value } } });
    return [
      event("content-start", { type: kind, [kind]: "" }),
      ...pieces(String(text ?? thinking)).map((piece) => event("content-delta", { [kind]: piece })),
      { type: "content-end", index },
    ];
  });
  const calls = (tool_calls as Call[]).flatMap<JsonObject>(({ id, function: { name, arguments: text } }, index) => {
    const event = (type: string, value: JsonObject) => ({ type, index, delta: { message: { tool_calls: value } } });
    // What has no arguments may come without any.
    const written = text === "{}" ? [] : pieces(text);
    return [
      event("tool-call-start", { id, type: "function", function: { name, arguments: "" } }),
      ...written.map((piece) => event("tool-call-delta", { function: { arguments: piece } })),
      { type: "tool-call-end", index },
    ];
  });
  const start = { type: "message-start", id: "c", delta: { message: { role: "assistant" } } };
  return eventStream(start, ...contents, ...calls, { type: "message-end", delta: { finish_reason: "COMPLETE" } });
}

function partsOf(content: unknown): JsonObject[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}
