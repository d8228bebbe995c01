/**
 * What another gateway makes of the same input (../shared/oracles). Its choices are no standard: where ours differ,
 * the table says why, and a difference that is not in the table is a failure. So is a row that no longer applies.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { messages } from "../../src/bridges/messages.ts";
import { isObject, JsonBody, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { bedrockEmbeddings } from "../../src/providers/bedrock/embeddings.ts";
import { readEvents } from "../conformance/event.ts";
import { openOracles, type Row } from "../support/oracles.ts";
import { assemble } from "./anthropic-door.ts";
import { adapterWith, decode, decodeStream, encode, targetOf } from "./bedrock-door.ts";

const argued: readonly Row[] = [
  {
    golden: "request/*",
    path: "inferenceConfig",
    why: "theirs sets maxTokens to 4096 where the client set nothing; left out, Converse lets the model write as long as it can",
  },
  {
    golden: "request/full",
    path: "toolConfig.tool_choice",
    why: "theirs writes `tool_choice`, which Converse does not know; its name is `toolChoice`",
  },
  {
    golden: "request/full",
    path: "toolConfig.toolChoice",
    why: "as above",
  },
  {
    golden: "request/parallel-tool-call",
    path: "toolConfig.tools",
    why: "a conversation that used tools is refused without any; ours are the tools it used, marked as gone, since a model may call what stands there and the client knows these",
  },
  {
    golden: "request/tool-call",
    path: "toolConfig.tools",
    why: "as for parallel-tool-call",
  },
  {
    golden: "request/reasoning",
    path: "additionalModelRequestFields",
    why: "theirs sends Claude's budget to a model that is not Claude; ours names `reasoning_effort` as dropped",
  },
  {
    golden: "request/reasoning_replay",
    path: "messages",
    why: "`reasoning_signature` is that project's own field; ours gives signatures out, and takes them back, in `thinking_blocks`",
  },
  {
    golden: "embeddings-request/array.bedrock-cohere",
    path: "input_type",
    why: "the client does not say what for; as at Cohere's own API, texts are taken for documents",
  },
  {
    golden: "embeddings-request/basic.bedrock-cohere",
    path: "input_type",
    why: "as above",
  },
  {
    golden: "embeddings-request/cohere-v4.bedrock-cohere",
    path: "input_type",
    why: "as above",
  },
  {
    golden: "embeddings-answer/cohere",
    path: "data",
    why: "theirs went through 32-bit floats; ours are the provider's numbers",
  },
  {
    golden: "answer/*",
    path: "usage",
    why: "prompt_tokens includes cache reads and writes, as OpenAI counts; details are always written; none where the provider told none",
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
    golden: "answer/tool",
    path: "choices[0].message.content",
    why: "null where there is none, as OpenAI writes it",
  },
  {
    golden: "answer/reasoning",
    path: "choices[0].message.reasoning_signature",
    why: "the signature stands in `thinking_blocks`, with the thought it signs",
  },
  {
    golden: "answer/reasoning",
    path: "choices[0].message.thinking_blocks",
    why: "as above",
  },
  {
    golden: "stream/*",
    path: "usage",
    why: "as in a whole answer",
  },
  {
    golden: "stream/*",
    path: "choices[0].message.refusal",
    why: "null in the first chunk, as OpenAI writes it",
  },
  {
    golden: "stream/reasoning",
    path: "choices[0].message.reasoning_signature",
    why: "as in a whole answer",
  },
  {
    golden: "stream/reasoning",
    path: "choices[0].message.thinking_blocks",
    why: "as in a whole answer",
  },
  {
    golden: "messages/metadata",
    path: "additionalModelRequestFields.metadata.department",
    why: "Anthropic knows no member of `metadata` but `user_id`; ours names the other as dropped",
  },
  {
    golden: "messages/reasoning",
    path: "additionalModelRequestFields.thinking.display",
    why: "thoughts are asked for in words: newer models keep them to themselves otherwise",
  },
  {
    golden: "messages/structured-output",
    path: "toolConfig",
    why: "Claude before 4.5 is not held to a schema by Bedrock: it must call a tool whose input is the answer",
  },
  {
    golden: "messages/structured-output",
    path: "outputConfig",
    why: "as above",
  },
  {
    golden: "messages/structured-output",
    path: "additionalModelRequestFields.output_config",
    why: "an effort gives way to the tool, and is named as dropped; Claude 3 knows none anyway",
  },
  {
    golden: "messages/tool_history_without_tools",
    path: "toolConfig.tools",
    why: "as for the request tool-call",
  },
  {
    golden: "messages-answer/*",
    path: "usage",
    why: "Anthropic's counters of cached tokens are always written",
  },
  {
    golden: "messages-answer/reasoning_unsigned",
    path: "content[0].signature",
    why: "marks a thought that came without one, so that it can be told from Anthropic's own when it comes back",
  },
];

const { root, used, unexplained, namesIn, read, golden } = openOracles(argued, "The suite over golden translations");

const goldenJson = (path: string) => JSON.parse(golden(path)) as { request: JsonObject; response: JsonObject };

/** The models that their tests ask, by the golden files' names. */
const EMBEDDERS: Readonly<Record<string, string>> = {
  titan: "amazon.titan-embed-text-v2:0",
  cohere: "cohere.embed-english-v3",
  nova: "amazon.nova-2-multimodal-embeddings-v1:0",
};

describe.skipIf(root === undefined)("golden translations", () => {
  test.each(namesIn("requests/completions", ".bedrock.snap"))("of the request %s", (name) => {
    const chat = JSON.parse(read(`requests/completions/${name}.json`)) as JsonObject;
    const { request } = goldenJson(`requests/completions/${name}.bedrock.snap`);
    expect(unexplained(`request/${name}`, withoutNulls(request), encode(chat).body)).toEqual([]);
  });

  // As for a model that has no Messages API at Bedrock.
  test.each(namesIn("requests/messages", ".bedrock.snap"))("of the Messages request %s", (name) => {
    const body = JsonBody.of(JSON.parse(read(`requests/messages/${name}.json`)) as JsonObject);
    const model = String(body.value.model);
    const { request } = goldenJson(`requests/messages/${name}.bedrock.snap`);
    const bridged = messages.request({ body, model, stream: false }, targetOf(model), adapterWith());
    const { body: ours } = adapterWith().encode(bridged.request, targetOf(model));
    expect(unexplained(`messages/${name}`, withoutNulls(request), JSON.parse(String(ours)))).toEqual([]);
  });

  test.each(namesIn("response/bedrock", ".bedrock-messages.snap"))("of the Messages answer %s", (name) => {
    const { response } = goldenJson(`response/bedrock/${name}.bedrock-messages.snap`);
    const body = JsonBody.of({ model: "input-model", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] });
    const context = { request: { body, model: "input-model", stream: false }, target: targetOf("input-model") };
    const chat = adapterWith().decode(Buffer.from(read(`response/bedrock/${name}.json`)), context);
    const { id: _, ...ours } = JSON.parse(String(messages.decode(chat, context).body));
    const { id: __, ...theirs } = withoutNulls(response);
    expect(unexplained(`messages-answer/${name}`, theirs, withoutNulls(ours))).toEqual([]);
  });

  test.each(namesIn("requests/embeddings", ".snap").filter((name) => name.includes(".bedrock-")))(
    "of the embeddings request %s",
    (name) => {
      const [file, family] = name.split(".bedrock-") as [string, string];
      const body = JsonBody.of(JSON.parse(read(`requests/embeddings/${file}.json`)) as JsonObject);
      const asked = String(body.value.model);
      const model = asked.startsWith(`${family}.`) ? asked : EMBEDDERS[family]!;
      const { request } = goldenJson(`requests/embeddings/${name}.snap`);
      const { body: ours } = bedrockEmbeddings({}).encode({ body, model, stream: false }, targetOf(model));
      expect(unexplained(`embeddings-request/${name}`, request, JSON.parse(String(ours)))).toEqual([]);
    },
  );

  test.each(Object.keys(EMBEDDERS))("of the embeddings answer of %s", (family) => {
    const { response } = goldenJson(`response/bedrock-${family}/embeddings.bedrock-${family}.snap`);
    const body = JsonBody.of({ model: "m", input: "x" });
    const context = { request: { body, model: "m", stream: false }, target: targetOf(String(response.model)) };
    const native = Buffer.from(read(`response/bedrock-${family}/embeddings.json`));
    const ours = JSON.parse(String(bedrockEmbeddings({}).decode(native, context).body));
    expect(unexplained(`embeddings-answer/${family}`, response, ours)).toEqual([]);
  });

  test.each(namesIn("response/bedrock", ".bedrock-completions.snap"))("of the answer %s", (name) => {
    const { response } = goldenJson(`response/bedrock/${name}.bedrock-completions.snap`);
    const { id: _, created: __, ...ours } = decode(read(`response/bedrock/${name}.json`), { model: "input-model" });
    const { id: ___, created: ____, ...theirs } = response;
    expect(unexplained(`answer/${name}`, theirs, ours)).toEqual([]);
  });

  test.each(namesIn("response/bedrock", ".bedrock-completions-streaming.snap"))("of the stream %s", async (name) => {
    const events = readEvents(golden(`response/bedrock/${name}.bedrock-completions-streaming.snap`));
    const chunks = events.flatMap(({ data }) => (isObject(tryParse(data)) ? [tryParse(data) as JsonObject] : []));
    const bytes = readFileSync(join(root!, `response/bedrock/${name}.bin`));
    const ours = await decodeStream([bytes], { model: "input-model" });
    expect(ours.error).toBeUndefined();
    const { id: _, created: __, ...wanted } = assemble([EMPTY_TEXT, ...chunks.map(withoutNulls)]);
    const { id: ___, created: ____, ...got } = assemble(ours.chunks);
    expect(unexplained(`stream/${name}`, wanted, got)).toEqual([]);
  });

  test("differ wherever the table says so", () => {
    const unused = argued.filter((row) => !used.has(row));
    expect(unused.map(({ golden, path }) => `${golden}: ${path}`)).toEqual([]);
  });
});

/** Our first chunk begins an empty text; theirs leaves content out, or null, until there is some. */
const EMPTY_TEXT: JsonObject = { choices: [{ index: 0, delta: { content: "" } }] };

/** They write members that are not there as null, and the first piece of a call without arguments. */
function withoutNulls(chunk: JsonObject): JsonObject {
  const clean = JSON.parse(JSON.stringify(chunk, (_, value) => (value === null ? undefined : value))) as {
    choices?: { delta: { tool_calls?: JsonObject[] } }[];
  };
  for (const { delta } of clean.choices ?? []) {
    for (const call of delta.tool_calls ?? []) {
      const named = call.function as { arguments?: string };
      named.arguments ??= "";
    }
  }
  return clean as unknown as JsonObject;
}
