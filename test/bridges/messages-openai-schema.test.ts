import { describe, expect, test } from "vitest";
import { loadRecordings } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";
import { toChat } from "./messages-door.ts";

const folder = sharedPath("recordings/", "The check of translated messages against OpenAI's schemas");
const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
const schemas = specification === undefined ? undefined : loadSchemas(specification);
const recordings = folder === undefined ? [] : loadRecordings(folder, "anthropic.messages-").recordings;

describe.skipIf(folder === undefined || !schemas)("what a server of chat is asked is a request of OpenAI's", () => {
  test.each(recordings.map(({ file, request }) => [file, request.body] as const))("%s", (_, asked) => {
    for (const model of ["gpt-5", "gpt-5.6"]) {
      expect(schemas!("CreateChatCompletionRequest", toChat(asked, { model }).chat)).toEqual([]);
    }
  });
});
