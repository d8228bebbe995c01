import { describe, expect, test } from "vitest";
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { vertexAdapters } from "../../src/providers/vertex/adapters.ts";
import { readEvents } from "../conformance/event.ts";
import { meaningOf } from "../conformance/wires/gemini-meaning.ts";
import { openOracles, type Row } from "../support/oracles.ts";
import { assemble } from "./anthropic-door.ts";
import { decode, decodeStream, encode, encodeWith } from "./gemini-door.ts";

const results = {
  path: "contents[2].parts",
  why: "a result that is a JSON object stays one, as recorded clients of Google's send it; theirs is its text under `content`",
};
const nulls = "null where there is none, as OpenAI writes it";

const argued: readonly Row[] = [
  { golden: "request/multi-turn-tools", ...results },
  { golden: "request/multi-turn-tools", path: "contents[4].parts", why: results.why },
  { golden: "request/parallel-tool-call", ...results },
  { golden: "request/tool-call", ...results },
  {
    golden: "request/generation-config",
    path: "generationConfig.responseMimeType",
    why: "Gemini 2.5 answers 400 to JSON beside functions; ours is left out and named as dropped",
  },
  {
    golden: "request/reasoning",
    path: "generationConfig.thinkingConfig.thinkingBudget",
    why: "the budgets of Google's own OpenAI endpoint: 8192 for medium",
  },
  {
    golden: "request/reasoning_max",
    path: "generationConfig.thinkingConfig.thinkingBudget",
    why: "above high it is as much as the model can",
  },
  {
    golden: "request/structured-output",
    path: "generationConfig.responseSchema",
    why: "JSON Schema has a field of its own, which takes references, as in the recorded request",
  },
  {
    golden: "request/structured-output",
    path: "generationConfig.responseJsonSchema",
    why: "as above",
  },
  {
    golden: "embeddings/*",
    path: "instances",
    why: "Google has no task by default; to make every text a query would make documents worse to find",
  },
  { golden: "answer/*", path: "choices[0].logprobs", why: nulls },
  { golden: "answer/*", path: "choices[0].message.refusal", why: nulls },
  { golden: "answer/*", path: "choices[0].message.content", why: "null beside tool calls alone, as OpenAI writes it" },
  { golden: "answer/*", path: "usage", why: "the parts of what was counted are told even when they are 0" },
  {
    golden: "answer/blocked",
    path: "choices[0].extra_content",
    why: "Google says why it blocked the prompt; theirs is lost",
  },
  { golden: "stream/*", path: "usage", why: "as in a whole answer" },
  { golden: "stream/*", path: "choices[0].message.refusal", why: nulls },
];

const { root, used, unexplained, namesIn, read, golden } = openOracles(argued, "The suite over golden translations");

const { embeddings } = vertexAdapters({ project: "p", location: "global" });

describe.skipIf(root === undefined)("golden translations", () => {
  test.each(namesIn("requests/completions", ".vertex-gemini.snap"))("of the request %s", (name) => {
    const chat = JSON.parse(read(`requests/completions/${name}.json`)) as JsonObject;
    const { request } = JSON.parse(golden(`requests/completions/${name}.vertex-gemini.snap`)) as {
      request: JsonObject;
    };
    expect(unexplained(`request/${name}`, meaningOf(request, []), meaningOf(encode(chat).body, []))).toEqual([]);
  });

  test.each(namesIn("requests/embeddings", ".vertex.snap"))("of the request for embeddings %s", (name) => {
    const value = JSON.parse(read(`requests/embeddings/${name}.json`)) as JsonObject;
    const { request } = JSON.parse(golden(`requests/embeddings/${name}.vertex.snap`)) as { request: JsonObject };
    expect(unexplained(`embeddings/${name}`, request, encodeWith(embeddings, value).body)).toEqual([]);
  });

  test.each(namesIn("response/vertex-gemini", ".vertex-gemini-completions.snap"))("of the answer %s", (name) => {
    const { response } = JSON.parse(golden(`response/vertex-gemini/${name}.vertex-gemini-completions.snap`)) as {
      response: JsonObject;
    };
    const { id: _, created: __, ...ours } = decode(read(`response/vertex-gemini/${name}.json`));
    const { id: ___, created: ____, ...theirs } = response;
    expect(unexplained(`answer/${name}`, theirs, ours)).toEqual([]);
  });

  test("of an answer of embeddings", () => {
    const { response } = JSON.parse(golden("response/vertex/embeddings.vertex.snap")) as { response: JsonObject };
    const asked = { model: "text-embedding-004", input: ["a", "b"] };
    expect(decode(read("response/vertex/embeddings.json"), asked, embeddings)).toEqual(response);
  });

  test.each(namesIn("response/vertex-gemini", ".vertex-gemini-completions-streaming.snap"))(
    "of the stream %s",
    async (name) => {
      const events = readEvents(golden(`response/vertex-gemini/${name}.vertex-gemini-completions-streaming.snap`));
      const chunks = events.flatMap(({ data }) => (isObject(tryParse(data)) ? [tryParse(data) as JsonObject] : []));
      const ours = await decodeStream([Buffer.from(read(`response/vertex-gemini/${name}.json`))]);
      expect(ours.error).toBeUndefined();
      const { created: _, ...wanted } = assemble([EMPTY_TEXT, ...chunks.map(withoutNulls)]);
      const { created: __, ...got } = assemble(ours.chunks);
      expect(unexplained(`stream/${name}`, wanted, got)).toEqual([]);
    },
  );

  test("differ wherever the table says so", () => {
    const unused = argued.filter((row) => !used.has(row));
    expect(unused.map(({ golden, path }) => `${golden}: ${path}`)).toEqual([]);
  });
});

/** Our first chunk begins an empty text; theirs leaves content out, or null, until there is some. */
const EMPTY_TEXT: JsonObject = { choices: [{ index: 0, delta: { content: "" } }] };

function withoutNulls(chunk: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(chunk, (_, value) => (value === null ? undefined : value))) as JsonObject;
}
