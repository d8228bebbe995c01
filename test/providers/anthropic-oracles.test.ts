/**
 * What another gateway makes of the same input (../shared/oracles). Its choices are no standard: where ours differ,
 * the table says why, and a difference that is not in the table is a failure. So is a row that no longer applies.
 */
import { describe, expect, test } from "vitest";
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { readEvents } from "../conformance/event.ts";
import { meaningOf } from "../conformance/wires/messages-meaning.ts";
import { openOracles, type Row } from "../support/oracles.ts";
import { assemble, decode, decodeStream, encode } from "./anthropic-door.ts";

const argued: readonly Row[] = [
  {
    golden: "request/full",
    path: "stop_sequences",
    why: "Anthropic answers 400 to a stop sequence without a visible character; ours is left out and named as dropped",
  },
  {
    golden: "request/full",
    path: "output_format",
    why: "a schema for any JSON object has `additionalProperties: true`, which Anthropic answers with 400; a tool that has to be called takes its place, unless the client demands a call of its own",
  },
  {
    golden: "request/reasoning_max",
    path: "thinking",
    why: "4095 of 4096 tokens for thought leave one for the answer; and from Claude 4.6 on budgets give way to adaptive thinking",
  },
  {
    golden: "request/reasoning_max",
    path: "output_config",
    why: "the effort that goes with adaptive thinking; above `high`, Claude 4.6 knows only `max`",
  },
  {
    golden: "answer/*",
    path: "usage",
    why: "prompt_tokens includes cache reads and writes, as OpenAI counts; theirs is the uncached input, with Anthropic's counters beside it",
  },
  {
    golden: "answer/*",
    path: "service_tier",
    why: "OpenAI's schema knows no tier `standard`; its name for that is `default`",
  },
  {
    golden: "answer/*",
    path: "choices[0].logprobs",
    why: "null where there are none, as OpenAI writes it",
  },
  {
    golden: "answer/*",
    path: "choices[0].message.refusal",
    why: "null where there is none, as OpenAI writes it",
  },
  {
    golden: "answer/thinking",
    path: "choices[0].message.thinking_blocks",
    why: "without the signature a client could not send the thought back, and the next tool call would fail",
  },
  {
    golden: "answer/multiple_text_blocks",
    path: "choices[0].message.citations",
    why: "sources are part of the answer; theirs are lost",
  },
  {
    golden: "stream/*",
    path: "usage",
    why: "as in a whole answer",
  },
  {
    golden: "stream/*",
    path: "service_tier",
    why: "as in a whole answer; absent where Anthropic names none",
  },
  {
    golden: "stream/*",
    path: "choices[0].message.refusal",
    why: "null in the first chunk, as OpenAI writes it",
  },
  {
    golden: "stream/stream_thinking",
    path: "choices[0].message.thinking_blocks",
    why: "as in a whole answer",
  },
];

const { root, used, unexplained, namesIn, read, golden } = openOracles(argued, "The suite over golden translations");

describe.skipIf(root === undefined)("golden translations", () => {
  test.each(namesIn("requests/completions", ".anthropic.snap"))("of the request %s", (name) => {
    const chat = JSON.parse(read(`requests/completions/${name}.json`)) as JsonObject;
    const { request } = JSON.parse(golden(`requests/completions/${name}.anthropic.snap`)) as { request: JsonObject };
    expect(unexplained(`request/${name}`, meaningOf(request, []), meaningOf(encode(chat).body, []))).toEqual([]);
  });

  test.each(namesIn("response/anthropic", ".messages-completions.snap"))("of the answer %s", (name) => {
    const { response } = JSON.parse(golden(`response/anthropic/${name}.messages-completions.snap`)) as {
      response: JsonObject;
    };
    const { id: _, created: __, ...ours } = decode(read(`response/anthropic/${name}.json`));
    const { id: ___, created: ____, ...theirs } = response;
    expect(unexplained(`answer/${name}`, theirs, ours)).toEqual([]);
  });

  test.each(namesIn("response/anthropic", ".messages-completions-streaming.snap"))("of the stream %s", async (name) => {
    const events = readEvents(golden(`response/anthropic/${name}.messages-completions-streaming.snap`));
    const chunks = events.flatMap(({ data }) => (isObject(tryParse(data)) ? [tryParse(data) as JsonObject] : []));
    const ours = await decodeStream([Buffer.from(read(`response/anthropic/${name}.json`))]);
    expect(ours.error).toBeUndefined();
    const { created: _, ...wanted } = assemble([EMPTY_TEXT, ...chunks.map(withoutNulls)]);
    const { created: __, ...got } = assemble(ours.chunks);
    expect(unexplained(`stream/${name}`, wanted, got)).toEqual([]);
  });

  test("differ wherever the table says so", () => {
    const unused = argued.filter((row) => !used.has(row));
    expect(unused.map(({ golden, path }) => `${golden}: ${path}`)).toEqual([]);
  });
});

/** Our first chunk begins an empty text; theirs leaves content out, or null, until there is some. */
const EMPTY_TEXT: JsonObject = { choices: [{ index: 0, delta: { content: "" } }] };

/** Their later pieces of a call repeat its id as null, and their first leaves out the arguments. */
function withoutNulls(chunk: JsonObject): JsonObject {
  const text = JSON.stringify(chunk, (name, value) => (value === null && name !== "content" ? undefined : value));
  const clean = JSON.parse(text) as { choices: { delta: { content?: unknown; tool_calls?: JsonObject[] } }[] };
  for (const { delta } of clean.choices) {
    if (delta.content === null) delete delta.content;
    for (const call of delta.tool_calls ?? []) {
      const named = call.function as { arguments?: string };
      named.arguments ??= "";
    }
  }
  return clean as unknown as JsonObject;
}
