import { expect, test } from "vitest";
import { responses } from "../../src/bridges/responses.ts";

test.each([
  ["max_tokens", "max_output_tokens"],
  ["max_completion_tokens", "max_output_tokens"],
  ["reasoning_effort", "reasoning.effort"],
  ["verbosity", "text.verbosity"],
  ["response_format", "text.format"],
  ["response_format.json_schema.schema.minLength", "text.format.schema.minLength"],
  ["logprobs", "top_logprobs"],
  ["tools.function.strict", "tools.strict"],
  ["tools.custom", "tools.custom"],
  ["messages.content.image_url.detail", "input.content.detail"],
  ["messages.reasoning_content", "input"],
  ["messages[3].content[0]", "input"],
  ["prompt_cache_key", "prompt_cache_key"],
])("a chat's %s is called %s", (chat, name) => {
  expect(responses.nameOf!(chat)).toBe(name);
});
