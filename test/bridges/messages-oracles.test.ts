/**
 * What another gateway makes of the same messages (../shared/oracles). Its choices are no standard: where ours differ,
 * the table says why, and a difference that is not in the table is a failure. So is a row that no longer applies.
 */
import { describe, expect, test } from "vitest";
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { readEvents } from "../conformance/event.ts";
import { openOracles, type Row } from "../support/oracles.ts";
import { assemble, fromCompletion, streamFromChat, toChat } from "./messages-door.ts";

const argued: readonly Row[] = [
  {
    golden: "request/cache_control",
    path: "messages[2].content[0].prompt_cache_breakpoint",
    why: "OpenAI's images take the mark as well",
  },
  {
    golden: "request/cache_control",
    path: "messages[6].content[0]",
    why: "the mark goes with the image that it stands on, not on an empty text",
  },
  {
    golden: "request/cache_control",
    path: "messages[7].content[1]",
    why: "the text behind the image carries no mark of its own: the image does, and goes along",
  },
  {
    golden: "request/cache_control",
    path: "messages[8]",
    why: "images among results follow them in a message of the user; theirs are lost",
  },
  { golden: "request/cache_control", path: "messages[9]", why: "the message after that one" },
  {
    golden: "request/gpt_adaptive_thinking_with_tools",
    path: "reasoning_effort",
    why: "how much to think is left to the model, as was asked; one that does not think beside tools says so",
  },
  {
    golden: "request/metadata",
    path: "user",
    why: "OpenAI takes names up to 64 characters; ours is the digest of a longer one",
  },
  { golden: "request/structured-output", path: "response_format.json_schema.name", why: "a name of our own choice" },
  {
    golden: "request/structured-output",
    path: "response_format.json_schema.strict",
    why: "Anthropic holds answers to the schema, so OpenAI shall, too",
  },
  {
    golden: "request/structured-output",
    path: "reasoning_effort",
    why: "the effort that was asked for; theirs is lost beside a format",
  },
  { golden: "answer/*", path: "usage.service_tier", why: "Anthropic's name for the tier" },
  {
    golden: "answer/*",
    path: "usage.cache_creation_input_tokens",
    why: "Anthropic's clients add the counters up: 0 where nothing was cached",
  },
  { golden: "answer/*", path: "usage.cache_read_input_tokens", why: "the same" },
  { golden: "answer/*", path: "usage.output_tokens_details", why: "how many of the tokens were thought is told" },
  { golden: "answer/*", path: "stop_details", why: "null where there are none, as Anthropic writes it" },
  { golden: "answer/openrouter_reasoning", path: "content", why: "thoughts are part of the answer; theirs are lost" },
  {
    golden: "answer/truncated_tool_call",
    path: "content[0].input",
    why: "Anthropic's inputs are objects; what was cut off stays readable inside one",
  },
  {
    golden: "stream/stream",
    path: "[0].message.usage",
    why: "as in a whole answer; the tier is told where Anthropic tells it",
  },
  { golden: "stream/stream", path: "[0].message.stop_details", why: "as in a whole answer" },
  { golden: "stream/stream", path: "[88]", why: "the same at the end" },
  { golden: "stream/stream_tool_empty_content", path: "[0].message", why: "as in a whole answer" },
  { golden: "stream/stream_tool_empty_content", path: "[5]", why: "the same at the end" },
  { golden: "assembled/*", path: "usage", why: "as in a whole answer" },
  { golden: "assembled/*", path: "stop_details", why: "as in a whole answer" },
];

const { root, used, unexplained, namesIn, read, golden } = openOracles(
  argued,
  "The suite over golden translations of messages",
);

/** One text alone is a string in ours, a list in theirs; absent and false are the same wish for a stream. */
function meaningOf({ messages, stream, ...rest }: JsonObject): JsonObject {
  const spelt = (messages as JsonObject[]).map(({ content, ...message }) => ({
    ...message,
    content: typeof content === "string" ? [{ type: "text", text: content }] : (content ?? undefined),
  }));
  return { ...rest, ...(stream ? { stream } : {}), messages: spelt };
}

describe.skipIf(root === undefined)("golden translations", () => {
  test.each(namesIn("requests/messages", ".completions.snap"))("of the request %s", (name) => {
    const asked = JSON.parse(read(`requests/messages/${name}.json`)) as JsonObject;
    const { request } = JSON.parse(golden(`requests/messages/${name}.completions.snap`)) as { request: JsonObject };
    const { chat } = toChat(asked, { model: String(asked.model), ownModels: true });
    expect(unexplained(`request/${name}`, meaningOf(request), meaningOf(chat))).toEqual([]);
  });

  test.each(namesIn("response/completions", ".completions-messages.snap"))("of the answer %s", (name) => {
    const theirs = JSON.parse(golden(`response/completions/${name}.completions-messages.snap`)) as JsonObject;
    const ours = fromCompletion(JSON.parse(read(`response/completions/${name}.json`)));
    expect(unexplained(`answer/${name}`, { ...(theirs.response as JsonObject), id: ours.id }, ours)).toEqual([]);
  });

  test.each(namesIn("response/completions", ".completions-messages-streaming.snap"))(
    "of the stream %s",
    async (name) => {
      const told = (text: string) =>
        readEvents(text).flatMap(({ data }) => (isObject(tryParse(data)) ? [tryParse(data) as JsonObject] : []));
      const theirs = told(
        golden(`response/completions/${name}.completions-messages-streaming.snap`).split(/^\{$/m)[0]!,
      );
      const chunks = told(read(`response/completions/${name}.json`));
      const usage = chunks.findLast((one) => isObject(one.usage))?.usage as JsonObject | undefined;
      const { events, error } = await streamFromChat(chunks, usage ? { usage } : {});
      expect(error).toBeUndefined();
      expect(unexplained(`stream/${name}`, theirs, events)).toEqual([]);
      expect(unexplained(`assembled/${name}`, assemble(theirs), assemble(events))).toEqual([]);
    },
  );

  test("differ wherever the table says so", () => {
    const unused = argued.filter((row) => !used.has(row));
    expect(unused.map(({ golden, path }) => `${golden}: ${path}`)).toEqual([]);
  });
});
