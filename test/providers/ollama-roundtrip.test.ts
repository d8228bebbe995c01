import fc from "fast-check";
import type { JsonObject } from "../../src/protocol/json.ts";
import { chat } from "./ollama-door.ts";
import { lines } from "./wire-door.ts";
import { type Pieces, testRoundTrips } from "./wire-roundtrip.ts";

testRoundTrips({
  door: chat,
  ids: fc.string({ minLength: 1, maxLength: 20 }),
  asks: {},
  read: (message) => message,
  answerOf: (message) => ({ model: "m", message, done: true, done_reason: "stop" }),
  streamOf,
  between: "\n",
});

/** Texts come in pieces, a call whole. */
function streamOf({ content, thinking, tool_calls = [] }: JsonObject, pieces: Pieces): Buffer {
  const messages = [
    ...pieces(String(thinking ?? "")).map((piece) => ({ content: "", thinking: piece })),
    ...pieces(String(content)).map((piece) => ({ content: piece })),
    ...(tool_calls as JsonObject[]).map((call) => ({ content: "", tool_calls: [call] })),
  ];
  const said = messages.map((message) => ({ message: { role: "assistant", ...message }, done: false }));
  return lines(...said, { message: { role: "assistant", content: "" }, done: true, done_reason: "stop" });
}
