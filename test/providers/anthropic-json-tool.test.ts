import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { JSON_TOOL } from "../../src/providers/anthropic/json-tool.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { assemble, decode, decodeStream, encode, eventStream } from "./anthropic-door.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const OLDER = "claude-3-7-sonnet-20250219";
const schema = { type: "object", properties: { a: { type: "string", minLength: 2 } }, required: ["a"] };
const response_format = { type: "json_schema", json_schema: { name: "r", description: "A letter.", schema } };
const any = { type: "json_object" };
const own = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };

describe("JSON from a model that cannot be held to it", () => {
  const sent = (chat: JsonObject) => {
    const { body, dropped } = encode({ model: OLDER, response_format, ...chat });
    const tools = ((body.tools ?? []) as JsonObject[]).map(({ name }) => name);
    return { tools, choice: body.tool_choice, dropped, output: body.output_config };
  };
  const only = { type: "tool", name: JSON_TOOL, disable_parallel_tool_use: true };
  const one = { type: "any", disable_parallel_tool_use: true };

  test("is the input of a tool that it has to call, the schema whole", () => {
    expect(encode({ model: OLDER, response_format })).toMatchObject({
      body: {
        tools: [{ name: JSON_TOOL, description: "Takes the whole answer. A letter.", input_schema: schema }],
        tool_choice: only,
      },
      dropped: [],
    });
  });

  test.each([
    ["beside the client's tools it is one of them", { tools: [own] }, ["f", JSON_TOOL], one, []],
    [
      "which it alone may be when those are not to be called",
      { tools: [own], tool_choice: "none" },
      ["f", JSON_TOOL],
      only,
      [],
    ],
    [
      "a call that the client demands comes first",
      { tools: [own], tool_choice: "required" },
      ["f"],
      { type: "any" },
      [],
    ],
    ["it comes before a thinking budget", { reasoning_effort: "high" }, [JSON_TOOL], only, ["reasoning_effort"]],
    [
      "it does not come before the client's own thinking",
      { thinking: { type: "enabled", budget_tokens: 1024 } },
      [],
      undefined,
      ["response_format"],
    ],
    ["any object will do for json_object", { response_format: any }, [JSON_TOOL], only, []],
    ["also where schemas are known", { response_format: any, model: "claude-haiku-4-5" }, [JSON_TOOL], only, []],
    [
      "but not beside an effort",
      { response_format: any, model: "claude-opus-4-6", reasoning_effort: "low" },
      [],
      undefined,
      ["response_format"],
    ],
    [
      "and not where a model thinks by itself",
      { response_format: any, model: "claude-sonnet-5" },
      [],
      undefined,
      ["response_format"],
    ],
    [
      "unless it is told not to",
      { response_format: any, model: "claude-sonnet-5", reasoning_effort: "none" },
      [JSON_TOOL],
      only,
      [],
    ],
    [
      "a schema of no object cannot be had",
      { response_format: { type: "json_schema", json_schema: { name: "r", schema: { type: "array" } } } },
      [],
      undefined,
      ["response_format"],
    ],
  ] as [string, JsonObject, string[], unknown, string[]][])("%s", (_, chat, tools, choice, dropped) => {
    expect(sent(chat)).toMatchObject({ tools, choice, dropped });
  });

  test("is asked for natively where that is possible", () => {
    expect(sent({ model: "claude-haiku-4-5" })).toMatchObject({
      tools: [],
      output: { format: { type: "json_schema" } },
    });
  });
});

const input = { a: "xy", id: 7, nested: { list: [1, 2] } };

describe("the answer that came as a tool's input", () => {
  const call = { type: "tool_use", id: "toolu_1", name: JSON_TOOL, input };
  const answer = (content: JsonObject[], stop_reason = "tool_use") =>
    (decode({ id: "m", content, stop_reason }).choices as JsonObject[])[0]!;

  test("is content, and an end", () => {
    const choice = answer([{ type: "text", text: "Here you are:" }, call]);
    expect(choice.finish_reason).toBe("stop");
    expect(choice.message).toEqual({ role: "assistant", content: JSON.stringify(input), refusal: null });
  });

  test("keeps numbers that no double holds", () => {
    const body = `{"content":[{"type":"tool_use","id":"t","name":"${JSON_TOOL}","input":{"id":1234567890123456789}}],"stop_reason":"tool_use"}`;
    expect(decode(body).choices).toMatchObject([{ message: { content: '{"id":1234567890123456789}' } }]);
  });

  test("may have been cut off", () => {
    expect(answer([call], "max_tokens").finish_reason).toBe("length");
  });

  test("a call of the client's tool stays one", () => {
    const choice = answer([{ ...call, name: "f" }]);
    expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null, tool_calls: [{}] } });
  });
});

describe("the stream of such an answer", () => {
  const start = {
    type: "message_start",
    message: { id: "m", model: OLDER, usage: { input_tokens: 3, output_tokens: 1 } },
  };
  const block = (index: number, content_block: JsonObject) => ({ type: "content_block_start", index, content_block });
  const part = (index: number, partial_json: string) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json },
  });
  const stop = [
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
    { type: "message_stop" },
  ];
  const tool = { type: "tool_use", id: "toolu_1", name: JSON_TOOL, input: {} };
  const text = JSON.stringify(input);
  const bytes = eventStream(
    start,
    block(0, tool),
    part(0, ""),
    part(0, text.slice(0, 9)),
    part(0, text.slice(9)),
    { type: "content_block_stop", index: 0 },
    ...stop,
  );

  test("is text as it comes, wherever the network cut it", async () => {
    console.log(`cut at random places, SEED=${seed}`);
    const random = seededRandom(seed, "json-tool");
    for (let round = 0; round < 20; round++) {
      const { chunks, facts } = await decodeStream(cutAt(bytes, randomOffsets(bytes.length, random)));
      expect(assemble(chunks.slice(0, -1))).toMatchObject({
        choices: [{ finish_reason: "stop", message: { role: "assistant", content: text } }],
      });
      expect(chunks.every(({ choices }) => !JSON.stringify(choices).includes("tool_calls"))).toBe(true);
      expect(facts).toMatchObject({ finished: true, usage: { promptTokens: 3, completionTokens: 9 } });
    }
  });

  test("may come whole, or not at all", async () => {
    const whole = eventStream(start, block(0, { ...tool, input }), { type: "content_block_stop", index: 0 }, ...stop);
    expect(assemble((await decodeStream([whole])).chunks.slice(0, -1))).toMatchObject({
      choices: [{ finish_reason: "stop", message: { content: text } }],
    });
    const empty = eventStream(start, block(0, tool), { type: "content_block_stop", index: 0 }, ...stop);
    expect(assemble((await decodeStream([empty])).chunks.slice(0, -1))).toMatchObject({
      choices: [{ message: { content: "{}" } }],
    });
  });

  test("beside a call of the client's ends in that", async () => {
    const both = eventStream(
      start,
      block(0, tool),
      part(0, "{}"),
      block(1, { ...tool, name: "f" }),
      part(1, "{}"),
      ...stop,
    );
    expect(assemble((await decodeStream([both])).chunks.slice(0, -1))).toMatchObject({
      choices: [{ finish_reason: "tool_calls", message: { content: "{}", tool_calls: [{ function: { name: "f" } }] } }],
    });
  });
});
