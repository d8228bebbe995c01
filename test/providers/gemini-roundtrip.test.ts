import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { assemble } from "./anthropic-door.ts";
import { answerOf, decode, decodeStream, encode, eventStream, messageOf, NEW_MODEL } from "./gemini-door.ts";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const identifier = fc.stringMatching(/^[a-zA-Z0-9_-]{1,24}$/);
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const input = fc.dictionary(fc.string({ maxLength: 10 }), json, { maxKeys: 4, noNullPrototype: true });

const call = fc.record({ id: identifier, name: identifier, input, signature: fc.option(identifier) });
const exchange = fc.record({
  instruction: fc.option(words),
  questions: fc.array(fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 2 }),
  answer: fc.option(words),
  seal: fc.option(identifier),
  calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
  results: fc.array(fc.oneof(words, input), { minLength: 3, maxLength: 3 }),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

const conversation = fc.array(exchange, { minLength: 1, maxLength: 4 });

/** One thing said by one side, in the order of saying. */
type Saying = readonly unknown[];

const textPart = (text: string) => ({ type: "text", text });
const seal = (signature: string | null) =>
  signature === null ? {} : { extra_content: { google: { thought_signature: signature } } };
const toolCall = ({ id, name, input, signature }: Exchange["calls"][number]) => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(input) },
  ...seal(signature),
});
const resultText = (result: unknown) => (typeof result === "string" ? result : JSON.stringify(result));

function chatOf(exchanges: readonly Exchange[]): JsonObject[] {
  return exchanges.flatMap(({ instruction, questions, answer, seal: sealed, calls, results }) => [
    ...(instruction === null ? [] : [{ role: "system", content: instruction }]),
    ...questions.map((content) => ({
      role: "user",
      content: Array.isArray(content) ? content.map(textPart) : content,
    })),
    {
      role: "assistant",
      content: answer,
      ...(answer === null ? {} : seal(sealed)),
      ...(calls.length > 0 ? { tool_calls: calls.map(toolCall) } : {}),
    },
    ...calls.map(({ id }, at) => ({ role: "tool", tool_call_id: id, content: resultText(results[at]) })),
  ]);
}

function saidIn(messages: readonly JsonObject[]): Saying[] {
  return messages.flatMap(({ role, content, tool_calls, tool_call_id, extra_content }) => [
    ...textsIn(content).map((text) => [role, tool_call_id ?? "text", tool_call_id ? readBack(text) : text]),
    ...(extra_content ? [[role, "seal", extra_content]] : []),
    ...((tool_calls ?? []) as ReturnType<typeof toolCall>[]).map(
      ({ id, function: { name, arguments: text }, ...more }) => [
        role,
        "call",
        { id, name, input: JSON.parse(text), more },
      ],
    ),
  ]);
}

function textsIn(content: unknown): string[] {
  if (Array.isArray(content)) return content.map(({ text }) => text as string);
  return typeof content === "string" && content !== "" ? [content] : [];
}

/** What a result means: an object, or a text. */
function readBack(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : { output: text };
  } catch {
    return { output: text };
  }
}

/** The adapter's own reading of every turn of the model, between the user's turns read here. */
function backIn(contents: readonly JsonObject[]): Saying[] {
  return contents.flatMap(({ role, parts }) => {
    if (role === "model") return saidIn([messageOf(decode(answerOf(parts as JsonObject[])))]);
    return (parts as JsonObject[]).map(({ text, functionResponse }) => {
      const result = functionResponse as JsonObject | undefined;
      return result ? ["tool", result.id, result.response] : ["user", "text", text];
    });
  });
}

test("there and back, a conversation keeps who said what, in order", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const chat = [...chatOf(exchanges), { role: "user", content: "And?" }];
      const { body } = encode({ messages: chat });
      const spoken = chat.filter(({ role }) => role !== "system");
      expect(backIn(body.contents as JsonObject[])).toEqual(saidIn(spoken));
      const { parts = [] } = (body.systemInstruction ?? {}) as { parts?: JsonObject[] };
      expect(parts.map(({ text }) => text)).toEqual(
        chat.filter(({ role }) => role === "system").map(({ content }) => content),
      );
    }),
    { numRuns: 1000 },
  );
});

test("every turn holds something, and results answer the calls before them one by one", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const contents = encode({ model: NEW_MODEL, messages: chatOf(exchanges) }).body.contents as {
        parts: JsonObject[];
      }[];
      for (const [at, { parts }] of contents.entries()) {
        expect(parts.length).toBeGreaterThan(0);
        const calls = parts.filter(({ functionCall }) => functionCall);
        const results = (contents[at + 1]?.parts ?? []).filter(({ functionResponse }) => functionResponse);
        if (calls.length === 0) continue;
        expect(results).toHaveLength(calls.length);
        expect(calls[0]!.thoughtSignature).toEqual(expect.any(String));
      }
    }),
    { numRuns: 300 },
  );
});

test("whole and streamed, an answer is the same", async () => {
  const cuts = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(exchange, fc.option(words), cuts, async ({ answer, seal: sealed, calls }, thought, sizes) => {
      const parts: JsonObject[] = [
        ...(thought === null ? [] : [{ text: thought, thought: true }]),
        ...(answer === null ? [] : [{ text: answer, ...(sealed === null ? {} : { thoughtSignature: sealed }) }]),
        ...calls.map(({ id, name, input, signature }) => ({
          functionCall: { id, name, args: input },
          ...(signature === null ? {} : { thoughtSignature: signature }),
        })),
      ];
      const whole = messageOf(decode(answerOf(parts)));
      const { chunks, error } = await decodeStream([streamOf(parts, sizes)]);
      expect(error).toBeUndefined();
      expect(messageOf(assemble(chunks))).toEqual({ ...whole, content: whole.content ?? "" });
    }),
    { numRuns: 300 },
  );
});

/** A whole answer's parts as the provider would stream them: texts in pieces, the signature with the last. */
function streamOf(parts: readonly JsonObject[], sizes: readonly number[]): Buffer {
  const pieces = parts.flatMap((part, at) => {
    if (typeof part.text !== "string") return [part];
    const { thoughtSignature, ...rest } = part;
    const cut = sizes[at % sizes.length]!;
    const [first, last] = [part.text.slice(0, cut), part.text.slice(cut)];
    return [
      { ...rest, text: first },
      { ...rest, text: last, ...(thoughtSignature ? { thoughtSignature } : {}) },
    ];
  });
  const events = pieces.map((part) => ({ ...answerOf([part]), usageMetadata: { promptTokenCount: 1 } }));
  return eventStream(...events, answerOf([{ text: "" }]));
}
