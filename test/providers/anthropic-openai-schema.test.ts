import { describe, expect, test } from "vitest";
import { loadSchemas } from "../conformance/schema.ts";
import { decode, decodeStream, fixture, jsonFixture } from "./anthropic-door.ts";
import { sharedPath } from "./anthropic-shared.ts";

const specification = sharedPath(
  "specs/openai.openapi.tolerant.json",
  "The check of fixtures against OpenAI's schemas",
);
const schemas = specification === undefined ? undefined : loadSchemas(specification);

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test.each(["text", "tools", "thinking", "citations", "refusal"])("in the answer %s", (name) => {
    expect(schemas!("CreateChatCompletionResponse", decode(jsonFixture(`${name}.json`)))).toEqual([]);
  });

  test.each(["text", "tools", "thinking", "citations", "refusal", "cut-arguments", "overloaded"])(
    "in the stream %s",
    async (name) => {
      const { chunks } = await decodeStream([fixture(`${name}.sse`)]);
      expect(chunks.length).toBeGreaterThan(1);
      expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
    },
  );
});
