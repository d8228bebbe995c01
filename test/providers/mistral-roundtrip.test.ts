import fc from "fast-check";
import type { JsonObject } from "../../src/protocol/json.ts";
import { chat } from "./mistral-door.ts";
import { eventStream } from "./wire-door.ts";
import { type Pieces, testRoundTrips } from "./wire-roundtrip.ts";

testRoundTrips({
  door: chat,
  ids: fc.stringMatching(/^[a-zA-Z0-9]{9}$/),
  asks: { reasoning_effort: "high" },
  read: (message) => message,
  answerOf: (message) => ({ choices: [{ index: 0, message, finish_reason: "stop" }] }),
  streamOf,
});

/** Thoughts come in lists, texts as strings; a call's arguments in pieces under an empty name. */
function streamOf({ content, tool_calls = [] }: JsonObject, pieces: Pieces): Buffer {
  const deltas: JsonObject[] = [
    { role: "assistant", content: "" },
    ...partsOf(content).flatMap<JsonObject>(({ type, text, thinking }) => {
      if (type === "text") return pieces(text as string).map((piece) => ({ content: piece }));
      return pieces((thinking as { text: string }[])[0]!.text).map((piece) => ({
        content: [{ type, thinking: [{ type: "text", text: piece }] }],
      }));
    }),
    ...(tool_calls as { id: string; function: { name: string; arguments: string } }[]).flatMap<JsonObject>(
      ({ id, function: { name, arguments: text } }, index) => [
        { tool_calls: [{ id, type: "function", function: { name, arguments: "" }, index }] },
        ...pieces(text).map((piece) => ({
          tool_calls: [{ type: "function", function: { name: "", arguments: piece }, index }],
        })),
      ],
    ),
  ];
  const chunk = (delta: JsonObject, finish_reason: string | null) => ({
    id: "s",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  return eventStream(...deltas.map((delta) => chunk(delta, null)), chunk({}, "stop"), "[DONE]");
}

function partsOf(content: unknown): JsonObject[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}
