/** Nothing of a request is ignored in silence: every field is sent, asks for nothing, is named, or is refused. */
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { encode } from "./anthropic-door.ts";

const user = (more: JsonObject): JsonObject => ({ messages: [{ role: "user", content: "q", ...more }] });
const part = (more: JsonObject): JsonObject => user({ content: [{ type: "text", text: "q" }, more] });
const said = (more: JsonObject): JsonObject => ({
  messages: [
    { role: "user", content: "q" },
    { role: "assistant", content: "a", ...more },
    { role: "user", content: "?" },
  ],
});
const image = { type: "image_url", image_url: { url: "https://x.example/a.png" } };

describe("named as dropped", () => {
  test.each([
    ["messages.name", user({ name: "Ada" })],
    ["messages.weight", user({ weight: 1 })],
    [
      "messages.name",
      {
        messages: [
          { role: "system", content: "s", name: "x" },
          { role: "user", content: "q" },
        ],
      },
    ],
    ["messages.prefix", said({ prefix: true })],
    ["messages.reasoning", said({ reasoning: "Hm." })],
    ["messages.reasoning_content", said({ reasoning_content: "Hm." })],
    ["messages.thinking_blocks", said({ thinking_blocks: [{ type: "thinking", thinking: "Hm." }] })],
    ["messages.thinking_blocks", said({ thinking_blocks: ["Hm."] })],
    ["messages.audio", said({ audio: { id: "a" } })],
    ["messages.content.image_url.detail", part({ ...image, image_url: { ...image.image_url, detail: "high" } })],
    ["messages.content.fps", part({ ...image, fps: 2 })],
    ["messages.content.annotations", part({ type: "text", text: "t", annotations: [{}] })],
    ["max_tokens", { max_tokens: 5, max_completion_tokens: 6 }],
    ["thinking", { thinking: "on" }],
    ["output_config", { output_config: "low" }],
    ["metadata", { metadata: "x" }],
    ["metadata", { metadata: { ticket: "7" } }],
    ["stream_options.include_obfuscation", { stream: true, stream_options: { include_obfuscation: true } }],
    ["stream_options.chunk_size", { stream: true, stream_options: { chunk_size: 2 } }],
    ["safety_identifier", { user: "a", safety_identifier: "b" }],
    ["user", { metadata: { user_id: "a" }, user: "b" }],
    ["response_format", { response_format: "json" }],
    ["seed", { seed: 1 }],
    ["n", { n: 2 }],
    ["logprobs", { logprobs: true }],
    ["stop", { stop: [" "] }],
    ["stop", { stop: [7, "x"] }],
    ["betas", { betas: ["ok", "not ok"] }],
    ["service_tier", { service_tier: "flex" }],
    ["tool_choice", { tool_choice: "required" }],
    [
      "tools.function.strict",
      { model: "claude-3-7-sonnet-20250219", tools: [{ type: "function", function: { name: "f", strict: true } }] },
    ],
  ] as [string, JsonObject][])("%s in %j", (name, chat) => {
    expect(encode(chat).dropped).toEqual([name]);
  });
});

describe("not named, since it asks for nothing", () => {
  test.each([
    [
      "a tool's own name",
      {
        messages: [
          { role: "user", content: "q" },
          { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "c", name: "f", content: "r" },
        ],
      },
    ],
    ["the provider's own word about its sources", said({ annotations: [{}], citations: [{}] })],
    ["nulls", said({ audio: null, function_call: null, refusal: null, tool_calls: null, parsed: null })],
    ["both limits alike", { max_tokens: 5, max_completion_tokens: 5 }],
    ["no obfuscation", { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }],
    ["one user by two names", { user: "a", safety_identifier: "a" }],
  ] as [string, JsonObject][])("%s", (_, chat) => {
    expect(encode(chat).dropped).toEqual([]);
  });
});

describe("refused, since leaving it out would be another question", () => {
  test.each([
    ["a tool that is no object", { tools: ["f"] }, "invalid_request"],
    [
      "a call of a custom tool",
      said({ tool_calls: [{ id: "c", type: "custom", custom: { name: "f", input: "x" } }] }),
      "unsupported",
    ],
    ["audio", part({ type: "input_audio", input_audio: { data: "", format: "wav" } }), "unsupported"],
    ["a temperature that is no number", { temperature: "hot" }, "invalid_request"],
  ] as [string, JsonObject, string][])("%s", (_, chat, code) => {
    expect(() => encode(chat)).toThrow(expect.objectContaining({ code }));
  });
});
