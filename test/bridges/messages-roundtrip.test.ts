import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { assemble, chunk, fromChat, MARK, streamFromChat, toChat } from "./messages-door.ts";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const identifier = fc.stringMatching(/^[a-zA-Z0-9_-]{1,24}$/);
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const input = fc
  .dictionary(fc.string({ maxLength: 10 }), json, { maxKeys: 4, noNullPrototype: true })
  .filter((value) => !("invalid_json" in value));

const text = words.map((said) => ({ type: "text", text: said }));
const image = fc
  .base64String({ minLength: 4, maxLength: 16 })
  .map((data) => ({ type: "image", source: { type: "base64", media_type: "image/png", data } }));
const call = fc.record({ type: fc.constant("tool_use"), id: identifier, name: identifier, input });
const thought = fc.record({
  type: fc.constant("thinking"),
  thinking: words,
  signature: identifier,
});

const exchange = fc.record({
  question: fc.oneof(words, fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 3 })),
  thoughts: fc.array(thought, { maxLength: 2 }),
  answer: fc.option(text, { nil: undefined }),
  calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
  results: fc.array(fc.oneof(words, fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 2 })), {
    minLength: 3,
    maxLength: 3,
  }),
  isError: fc.boolean(),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

/** Ids are a conversation's own: no two calls in it share one. */
const conversation = fc
  .array(exchange, { minLength: 1, maxLength: 4 })
  .filter((all) => all.every(({ answer, calls }) => answer !== undefined || calls.length > 0))
  .map((all) =>
    all.map((one, at) => ({ ...one, calls: one.calls.map((call) => ({ ...call, id: `${call.id}_${at}` })) })),
  );

function turnsOf(exchanges: readonly Exchange[]): JsonObject[] {
  return exchanges.flatMap(({ question, thoughts, answer, calls, results, isError }) => [
    { role: "user", content: question },
    { role: "assistant", content: [...thoughts, ...(answer ? [answer] : []), ...calls] },
    ...(calls.length > 0 ? [{ role: "user", content: calls.map(resultOf(results, isError)) }] : []),
  ]);
}

const resultOf =
  (results: readonly unknown[], isError: boolean) =>
  ({ id }: { id: string }, at: number) => ({
    type: "tool_result",
    tool_use_id: id,
    content: results[at],
    ...(isError ? { is_error: true } : {}),
  });

/** The chat's messages as turns again: the bridge's own reading of the assistant's, the others read here. */
function turnsIn(messages: readonly JsonObject[]): JsonObject[] {
  const turns: { role: string; content: unknown[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = role === "assistant" ? (fromChat(message).content as unknown[]) : userBlocks(message);
    const last = turns.at(-1);
    if (message.role === "tool" && last?.role === "user") last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns;
}

function userBlocks({ role, content, tool_call_id: id, is_error: isError }: JsonObject): unknown[] {
  const blocks = Array.isArray(content) ? content.map(blockOf) : content;
  if (role !== "tool") return Array.isArray(blocks) ? blocks : [{ type: "text", text: blocks }];
  return [{ type: "tool_result", tool_use_id: id, content: blocks, ...(isError ? { is_error: true } : {}) }];
}

function blockOf(part: JsonObject): unknown {
  if (part.type !== "image_url") return part;
  const [, data] = String((part.image_url as JsonObject).url).split(";base64,");
  return { type: "image", source: { type: "base64", media_type: "image/png", data } };
}

/** One text alone and the string that it is mean the same. */
function plain(turns: readonly JsonObject[]): unknown {
  const blocks = (content: unknown): unknown =>
    typeof content === "string" ? [{ type: "text", text: content }] : (content as JsonObject[]).map(inner);
  const inner = (block: JsonObject) =>
    block.type === "tool_result" ? { ...block, content: blocks(block.content) } : block;
  return turns.map(({ role, content }) => ({ role, content: blocks(content) }));
}

test("there and back, a conversation keeps who said what, in order: text, images, thoughts, calls and their ids", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const turns = turnsOf(exchanges);
      const { chat, dropped } = toChat({ messages: turns }, { translated: true });
      expect(plain(turnsIn(chat.messages as JsonObject[]))).toEqual(plain(turns));
      expect(dropped).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test("to a server of chat, all of it but others' thoughts gets there", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const messages = toChat({ messages: turnsOf(exchanges) }).chat.messages as JsonObject[];
      const said = JSON.stringify(messages);
      for (const { answer, calls } of exchanges) {
        if (answer) expect(said).toContain(JSON.stringify(answer.text));
        for (const { id } of calls) expect(said).toContain(JSON.stringify(id));
      }
      // A chat wants every result right after the calls it belongs to.
      for (const [at, { tool_calls: calls }] of messages.entries()) {
        if (!Array.isArray(calls)) continue;
        const ids = messages.slice(at + 1, at + 1 + calls.length).map(({ tool_call_id: id }) => id);
        expect(ids).toEqual(calls.map(({ id }) => id));
      }
    }),
    { numRuns: 300 },
  );
});

test("whole and streamed, an answer is the same", async () => {
  await fc.assert(
    fc.asyncProperty(exchange, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), async (said, sizes) => {
      const { thoughts, answer, calls } = said;
      const reasoning = thoughts.map(({ thinking }) => thinking).join("");
      const message = {
        content: answer?.text ?? null,
        ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(input) },
        })),
      };
      const finish_reason = calls.length > 0 ? "tool_calls" : "stop";
      const { events, error } = await streamFromChat([...chunksOf(message, sizes), chunk({}, finish_reason)]);
      expect(error).toBeUndefined();
      expect(assemble(events)).toEqual(fromChat(message, { finish_reason }));
      if (reasoning !== "") expect(JSON.stringify(events)).toContain(MARK);
    }),
    { numRuns: 300 },
  );
});

interface Said {
  readonly content: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls: readonly { id: string; type: string; function: { name: string; arguments: string } }[];
}

/** A message as a server would stream it, in pieces of any size. */
function chunksOf({ content, reasoning_content: reasoning = "", tool_calls: calls }: Said, sizes: fc.Stream<number>) {
  const pieces = (text: string) => {
    const cut: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = sizes.next().value as number;
      cut.push(text.slice(at, at + size));
      at += size;
    }
    return cut;
  };
  return [
    chunk({ role: "assistant", content: "" }),
    ...pieces(reasoning).map((piece) => chunk({ reasoning_content: piece })),
    ...pieces(content ?? "").map((piece) => chunk({ content: piece })),
    ...calls.flatMap(({ id, type, function: { name, arguments: text } }, index) => [
      chunk({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] }),
      ...pieces(text).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ];
}
