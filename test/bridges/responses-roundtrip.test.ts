import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";
import { chatAnswer, chatStream, decode, decodeStream, encode, lastResponse, outputOf } from "./responses-door.ts";

const specification = sharedPath(
  "specs/openai.openapi.tolerant.json",
  "The check of Responses against OpenAI's schemas",
);
const schemas = specification === undefined ? undefined : loadSchemas(specification);

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const identifier = fc.stringMatching(/^[a-zA-Z0-9_-]{1,24}$/);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify({ value }));
const call = fc.record({ id: identifier, name: identifier, text: json, signature: fc.option(identifier) });
const said = fc.record({
  thought: fc.option(words),
  signature: fc.option(identifier),
  answer: fc.option(words),
  calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;
const exchange = fc.record({
  question: fc.oneof(words, fc.array(words, { minLength: 2, maxLength: 3 })),
  said: said.filter(({ answer, calls }) => answer !== null || calls.length > 0),
  results: fc.array(words, { minLength: 3, maxLength: 3 }),
});

function messageOf({ thought, signature, answer, calls }: Said): JsonObject {
  return {
    role: "assistant",
    content: answer,
    ...(thought === null ? {} : { reasoning_content: thought }),
    ...(signature === null ? {} : { thinking_blocks: [{ type: "thinking", thinking: thought ?? "", signature }] }),
    ...(calls.length > 0 ? { tool_calls: calls.map(toolCall) } : {}),
  };
}

function toolCall({ id, name, text, signature }: Said["calls"][number]): JsonObject {
  const extra = signature === null ? {} : { extra_content: { google: { thought_signature: signature } } };
  return { id, type: "function", function: { name, arguments: text }, ...extra };
}

function finishOf({ calls }: Said): string {
  return calls.length > 0 ? "tool_calls" : "stop";
}

/** A thought is given back where the model goes on thinking: to its calls. */
function asGivenBack(message: JsonObject): JsonObject {
  const { reasoning_content, ...rest } = message;
  return message.tool_calls && reasoning_content !== undefined ? message : rest;
}

test("responses → chat → responses: a conversation keeps who said what, in order, with ids and signatures", () => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const input: JsonObject[] = [];
      const expected: JsonObject[] = [];
      for (const { question, said, results } of exchanges) {
        const parts = Array.isArray(question) ? question.map((text) => ({ type: "input_text", text })) : question;
        const texts = Array.isArray(question) ? question.map((text) => ({ type: "text", text })) : question;
        const answer = decode(chatAnswer(messageOf(said), { finish_reason: finishOf(said) }));
        const outputs = said.calls.map(({ id }, at) => ({
          type: "function_call_output",
          call_id: id,
          output: results[at],
        }));
        input.push({ role: "user", content: parts }, ...outputOf(answer), ...outputs);
        const tools = said.calls.map(({ id }, at) => ({ role: "tool", tool_call_id: id, content: results[at] }));
        expected.push({ role: "user", content: texts }, asGivenBack(messageOf(said)), ...tools);
      }
      const { chat, dropped } = encode({ input });
      expect(chat.messages).toEqual(expected);
      expect(dropped).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

/** An answer as a server would stream it; lists come last, as the gateway's own adapters tell them. */
function deltasOf(message: Said, size: number): JsonObject[] {
  const pieces = (text: string) => text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? [];
  const whole = messageOf(message);
  const calls = (whole.tool_calls ?? []) as JsonObject[];
  return [
    { role: "assistant" },
    ...pieces(message.thought ?? "").map((text) => ({ reasoning_content: text })),
    ...pieces(message.answer ?? "").map((content) => ({ content })),
    ...calls.flatMap(({ function: named, ...rest }, index) => {
      const { name, arguments: text } = named as { name: string; arguments: string };
      return [
        { tool_calls: [{ index, ...rest, function: { name, arguments: "" } }] },
        ...pieces(text).map((part) => ({ tool_calls: [{ index, function: { arguments: part } }] })),
      ];
    }),
    ...(whole.thinking_blocks ? [{ thinking_blocks: whole.thinking_blocks }] : []),
  ];
}

describe("whole and streamed", () => {
  const asked = { tools: [{ type: "function", name: "f", parameters: {}, strict: true }], metadata: { a: "b" } };

  test("an answer is the same for the model that reads it again, and as OpenAI describes it", async () => {
    await fc.assert(
      fc.asyncProperty(said, fc.integer({ min: 1, max: 9 }), async (message, size) => {
        const whole = decode(chatAnswer(messageOf(message), { finish_reason: finishOf(message) }), asked);
        const streamed = await decodeStream(
          [chatStream(deltasOf(message, size), { finish: finishOf(message) })],
          asked,
        );
        expect(streamed.error).toBeUndefined();
        const again = (response: JsonObject) => encode({ input: outputOf(response) }).chat.messages;
        expect(again(lastResponse(streamed))).toEqual(again(whole));
        if (!schemas) return;
        expect(schemas("Response", whole)).toEqual([]);
        for (const event of streamed.events) expect(schemas("ResponseStreamEvent", event)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
