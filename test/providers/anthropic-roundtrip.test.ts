import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { assemble, decode, decodeStream, encode, eventStream } from "./anthropic-door.ts";
import { chatOf, conversation, exchange, type Saying, saidIn, textsIn } from "./thinking-conversations.ts";

/** The adapter's own reading of every turn of the assistant, between the user's turns read here. */
function backIn(turns: readonly JsonObject[], answers: readonly JsonObject[]): Saying[] {
  let answered = 0;
  return turns.flatMap(({ role, content }) => {
    if (role === "assistant") return saidIn([answers[answered++]!]);
    return (content as JsonObject[]).map((block) =>
      block.type === "tool_result" ? ["tool", block.tool_use_id, block.content] : ["user", "text", block.text],
    );
  });
}

function messageOf(answer: JsonObject): JsonObject {
  return (answer.choices as { message: JsonObject }[])[0]!.message;
}

test("there and back, a conversation keeps who said what, in order", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const chat = [...chatOf(exchanges), { role: "user", content: "And?" }];
      const { body } = encode({ messages: chat });
      const turns = body.messages as JsonObject[];
      const answers = turns
        .filter(({ role }) => role === "assistant")
        .map(({ content }) => messageOf(decode({ content })));
      const spoken = chat.filter(({ role }) => role !== "system");
      expect(backIn(turns, answers)).toEqual(saidIn(spoken));
      expect(systemIn(body.system)).toEqual(chat.filter(({ role }) => role === "system").map(({ content }) => content));
    }),
    { numRuns: 300 },
  );
});

function systemIn(system: unknown): unknown[] {
  return typeof system === "string" ? [system] : textsIn(system);
}

test("no two turns in a row are of one side, and results stand first in theirs", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const turns = encode({ messages: chatOf(exchanges) }).body.messages as { role: string; content: JsonObject[] }[];
      for (const [at, { role, content }] of turns.entries()) {
        expect(role).not.toBe(turns[at + 1]?.role);
        const kinds = content.map(({ type }) => type === "tool_result");
        expect(kinds).toEqual([...kinds].sort((a, b) => Number(b) - Number(a)));
        expect(content.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 200 },
  );
});

test("whole and streamed, an answer is the same", async () => {
  await fc.assert(
    fc.asyncProperty(exchange, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), async (said, sizes) => {
      const { thoughts, answer, calls } = said;
      const blocks: JsonObject[] = [
        ...thoughts,
        ...(answer === null ? [] : [{ type: "text", text: answer }]),
        ...calls.map(({ id, name, input }) => ({ type: "tool_use", id, name, input })),
      ];
      const whole = messageOf(decode({ content: blocks }));
      const { chunks, error } = await decodeStream([streamOf(blocks, sizes)]);
      expect(error).toBeUndefined();
      expect(messageOf(assemble(chunks))).toEqual({ ...whole, content: whole.content ?? "" });
    }),
    { numRuns: 200 },
  );
});

/** A whole answer's blocks as the provider would stream them, in pieces of any size. */
function streamOf(blocks: readonly JsonObject[], sizes: fc.Stream<number>): Buffer {
  const pieces = (text: string) => {
    const cut: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = sizes.next().value as number;
      cut.push(text.slice(at, at + size));
      at += size;
    }
    return cut;
  };
  const events = blocks.flatMap((block, index) => [
    { type: "content_block_start", index, content_block: emptied(block) },
    ...deltasOf(block, pieces).map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ]);
  const message = { id: "msg_1", model: "m", usage: { input_tokens: 1, output_tokens: 1 } };
  return eventStream({ type: "message_start", message }, ...events, { type: "message_stop" });
}

function emptied(block: JsonObject): JsonObject {
  if (block.type === "text") return { type: "text", text: "" };
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return block.type === "tool_use" ? { ...block, input: {} } : block;
}

function deltasOf(block: JsonObject, pieces: (text: string) => string[]): JsonObject[] {
  if (block.type === "text") return pieces(String(block.text)).map((text) => ({ type: "text_delta", text }));
  if (block.type === "tool_use") {
    return pieces(JSON.stringify(block.input)).map((partial_json) => ({ type: "input_json_delta", partial_json }));
  }
  if (block.type !== "thinking") return [];
  const thoughts = pieces(String(block.thinking)).map((thinking) => ({ type: "thinking_delta", thinking }));
  return [...thoughts, { type: "signature_delta", signature: block.signature }];
}
