/** Generated conversations with thoughts and tools, for wires that carry signed thoughts, and who said what in them. */
import fc from "fast-check";
import type { JsonObject } from "../../src/protocol/json.ts";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => /\S/.test(text));
const identifier = fc.stringMatching(/^[a-zA-Z0-9_-]{1,24}$/);
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const input = fc.dictionary(fc.string({ maxLength: 10 }), json, { maxKeys: 4, noNullPrototype: true });

const call = fc.record({ id: identifier, name: identifier, input });
const thought = fc.oneof(
  fc.record({ type: fc.constant("thinking"), thinking: words, signature: identifier }),
  fc.record({ type: fc.constant("redacted_thinking"), data: identifier }),
);
export const exchange = fc.record({
  instruction: fc.option(words),
  questions: fc.array(fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 2 }),
  thoughts: fc.array(thought, { maxLength: 2 }),
  answer: fc.option(words),
  calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
  results: fc.array(words, { minLength: 3, maxLength: 3 }),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

export const conversation = fc.array(exchange, { minLength: 1, maxLength: 4 });

/** One thing said by one side, in the order of saying. */
export type Saying = readonly unknown[];

export function chatOf(exchanges: readonly Exchange[]): JsonObject[] {
  return exchanges.flatMap(({ instruction, questions, thoughts, answer, calls, results }) => [
    ...(instruction === null ? [] : [{ role: "system", content: instruction }]),
    ...questions.map((content) => ({
      role: "user",
      content: Array.isArray(content) ? content.map(textPart) : content,
    })),
    {
      role: "assistant",
      content: answer,
      ...(thoughts.length > 0 ? { thinking_blocks: thoughts } : {}),
      ...(calls.length > 0 ? { tool_calls: calls.map(toolCall) } : {}),
    },
    ...calls.map(({ id }, at) => ({ role: "tool", tool_call_id: id, content: results[at] })),
  ]);
}

const textPart = (text: string) => ({ type: "text", text });
const toolCall = ({ id, name, input }: { id: string; name: string; input: unknown }) => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(input) },
});

export function saidIn(messages: readonly JsonObject[]): Saying[] {
  return messages.flatMap(({ role, content, thinking_blocks, tool_calls, tool_call_id }) => [
    ...((thinking_blocks ?? []) as JsonObject[]).map((block) => [role, "thought", block]),
    ...textsIn(content).map((text) => [role, tool_call_id ?? "text", text]),
    ...((tool_calls ?? []) as ReturnType<typeof toolCall>[]).map(({ id, function: { name, arguments: text } }) => [
      role,
      "call",
      { id, name, input: JSON.parse(text) },
    ]),
  ]);
}

export function textsIn(content: unknown): string[] {
  if (Array.isArray(content)) return content.map(({ text }) => text as string);
  return typeof content === "string" && content !== "" ? [content] : [];
}
