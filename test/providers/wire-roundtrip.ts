/** Generated conversations that go to a provider and come back, for wires that keep OpenAI's roles and their order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { assemble } from "./anthropic-door.ts";
import { type Door, messageOf } from "./wire-door.ts";

export interface RoundTrip {
  readonly door: Door;
  /** Ids that the provider takes as they are. */
  readonly ids: fc.Arbitrary<string>;
  /** What the request has beside messages. */
  readonly asks: JsonObject;
  /** A message of the user's, the system's or a tool's in OpenAI's words. */
  read(message: JsonObject): JsonObject;
  /** What an assistant's message would look like as the provider's whole answer, and as its stream. */
  answerOf(message: JsonObject): unknown;
  streamOf(message: JsonObject, pieces: Pieces): Buffer;
  /** Where the parts of a content become one text: what stands between them. */
  readonly between?: string;
}

/** Cuts a text into pieces of any size. */
export type Pieces = (text: string) => string[];

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => /\S/.test(text));
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/);
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const input = fc.dictionary(fc.string({ maxLength: 10 }), json, { maxKeys: 4, noNullPrototype: true });

interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

const exchangesWith = (ids: fc.Arbitrary<string>) => {
  const call: fc.Arbitrary<Call> = fc.record({ id: ids, name, input });
  return fc.record({
    instruction: fc.option(words),
    questions: fc.array(fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })), {
      minLength: 1,
      maxLength: 2,
    }),
    thought: fc.option(words),
    answer: fc.option(words),
    calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
    results: fc.array(words, { minLength: 3, maxLength: 3 }),
  });
};
type Exchange = ReturnType<typeof exchangesWith> extends fc.Arbitrary<infer T> ? T : never;

function chatOf(exchanges: readonly Exchange[]): JsonObject[] {
  return exchanges.flatMap((exchange) => [
    ...(exchange.instruction === null ? [] : [{ role: "system", content: exchange.instruction }]),
    ...exchange.questions.map((content) => ({
      role: "user",
      content: Array.isArray(content) ? content.map((text) => ({ type: "text", text })) : content,
    })),
    assistant(exchange),
    ...exchange.calls.map(({ id }, at) => ({ role: "tool", tool_call_id: id, content: exchange.results[at] })),
  ]);
}

function assistant({ thought, answer, calls }: Exchange): JsonObject {
  const toolCalls = calls.map(({ id, name, input }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  }));
  return {
    role: "assistant",
    content: answer,
    ...(thought === null ? {} : { reasoning_content: thought }),
    ...(calls.length > 0 ? { tool_calls: toolCalls } : {}),
  };
}

/** One thing said by one side, in the order of saying. */
function saidIn(message: JsonObject, between: string | undefined): unknown[][] {
  const { role, content, reasoning_content, tool_calls = [], tool_call_id } = message;
  return [
    ...(reasoning_content ? [[role, "thought", reasoning_content]] : []),
    ...textsIn(content, between).map((text) => [role, tool_call_id ?? "text", text]),
    ...(tool_calls as { id: string; function: { name: string; arguments: string } }[]).map(
      ({ id, function: { name, arguments: text } }) => [role, "call", { id, name, input: JSON.parse(text) }],
    ),
  ];
}

function textsIn(content: unknown, between: string | undefined): string[] {
  if (!Array.isArray(content)) return typeof content === "string" && content !== "" ? [content] : [];
  const texts = content.map(({ text }) => text as string);
  return between === undefined ? texts : [texts.join(between)];
}

const RUNS = 1000;

export function testRoundTrips({ door, ids, asks, between, ...wire }: RoundTrip): void {
  const exchange = exchangesWith(ids);

  test("there and back, a conversation keeps who said what, in order", () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
        const chat = [...chatOf(exchanges), { role: "user", content: "And?" }];
        const { body, dropped } = door.encode({ ...asks, messages: chat });
        const back = (body.messages as JsonObject[]).map((message) =>
          message.role === "assistant" ? messageOf(door.decode(wire.answerOf(message))) : wire.read(message),
        );
        expect(back.flatMap((message) => saidIn(message, between))).toEqual(
          chat.flatMap((message) => saidIn(message, between)),
        );
        expect(dropped).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("whole and streamed, an answer is the same", async () => {
    await fc.assert(
      fc.asyncProperty(exchange, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), async (said, sizes) => {
        const sent = {
          ...asks,
          messages: [{ role: "user", content: "Hi" }, assistant(said), { role: "user", content: "?" }],
        };
        const native = (door.encode(sent).body.messages as JsonObject[])[1]!;
        const whole = messageOf(door.decode(wire.answerOf(native)));
        const { chunks, error } = await door.stream([wire.streamOf(native, cutterOf(sizes))]);
        expect(error).toBeUndefined();
        const streamed = messageOf(assemble(chunks));
        expect(saidIn(streamed, between)).toEqual(saidIn(whole, between));
      }),
      { numRuns: 300 },
    );
  });
}

function cutterOf(sizes: fc.Stream<number>): Pieces {
  return (text) => {
    const cut: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = sizes.next().value as number;
      cut.push(text.slice(at, at + size));
      at += size;
    }
    return cut;
  };
}
