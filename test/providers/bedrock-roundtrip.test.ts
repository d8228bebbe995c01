import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { assemble } from "./anthropic-door.ts";
import { answerOf, decode, decodeStream, encode, endOf, eventsOf, messageOf, START } from "./bedrock-door.ts";
import { chatOf, conversation, exchange, type Saying, saidIn, textsIn } from "./thinking-conversations.ts";

/** The adapter's own reading of every turn of the assistant, between the user's turns read here. */
function backIn(turns: readonly JsonObject[]): Saying[] {
  return turns.flatMap(({ role, content }) => {
    const blocks = content as { text?: string; toolResult?: { toolUseId: string; content: { text: string }[] } }[];
    if (role === "assistant") return saidIn([messageOf(decode(answerOf(blocks)))]);
    return blocks.flatMap(({ text, toolResult }): Saying[] =>
      toolResult ? toolResult.content.map((one) => ["tool", toolResult.toolUseId, one.text]) : [["user", "text", text]],
    );
  });
}

test("there and back, 1,000 conversations keep who said what, in order", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const chat = [...chatOf(exchanges), { role: "user", content: "And?" }];
      const { body, dropped } = encode({ messages: chat });
      expect(dropped).toEqual([]);
      expect(backIn(body.messages as JsonObject[])).toEqual(saidIn(chat.filter(({ role }) => role !== "system")));
      const instructions = chat.filter(({ role }) => role === "system").map(({ content }) => content);
      expect(textsIn(body.system)).toEqual(instructions);
    }),
    { numRuns: 1000 },
  );
});

test("no two turns in a row are of one side, and results stand first in theirs", () => {
  fc.assert(
    fc.property(conversation, (exchanges) => {
      const turns = encode({ messages: chatOf(exchanges) }).body.messages as { role: string; content: JsonObject[] }[];
      for (const [at, { role, content }] of turns.entries()) {
        expect(role).not.toBe(turns[at + 1]?.role);
        const kinds = content.map(({ toolResult }) => toolResult !== undefined);
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
        ...thoughts.map((block) => ({
          reasoningContent:
            "data" in block
              ? { redactedContent: block.data }
              : { reasoningText: { text: block.thinking, signature: block.signature } },
        })),
        ...(answer === null ? [] : [{ text: answer }]),
        ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
      ];
      const whole = messageOf(decode(answerOf(blocks)));
      const { chunks, error } = await decodeStream([streamOf(blocks, sizes)]);
      expect(error).toBeUndefined();
      expect(messageOf(assemble(chunks))).toEqual({ ...whole, content: whole.content ?? "" });
    }),
    { numRuns: 300 },
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
  const events = blocks.flatMap((block, contentBlockIndex) => [
    ...startOf(block).map((start) => ["contentBlockStart", { contentBlockIndex, start }] as const),
    ...deltasOf(block, pieces).map((delta) => ["contentBlockDelta", { contentBlockIndex, delta }] as const),
    ["contentBlockStop", { contentBlockIndex }] as const,
  ]);
  return eventsOf(START, ...events, ...endOf("end_turn"));
}

function startOf({ toolUse }: JsonObject): JsonObject[] {
  if (toolUse === undefined) return [];
  const { toolUseId, name } = toolUse as JsonObject;
  return [{ toolUse: { toolUseId, name } }];
}

function deltasOf({ text, toolUse, reasoningContent }: JsonObject, pieces: (text: string) => string[]): JsonObject[] {
  if (text !== undefined) return pieces(String(text)).map((piece) => ({ text: piece }));
  if (toolUse !== undefined) {
    const written = JSON.stringify((toolUse as JsonObject).input);
    return pieces(written).map((piece) => ({ toolUse: { input: piece } }));
  }
  const { reasoningText, redactedContent } = reasoningContent as {
    reasoningText?: JsonObject;
    redactedContent?: string;
  };
  if (!reasoningText) return [{ reasoningContent: { redactedContent } }];
  const thoughts = pieces(String(reasoningText.text)).map((piece) => ({ reasoningContent: { text: piece } }));
  return [...thoughts, { reasoningContent: { signature: reasoningText.signature } }];
}
