import { describe, expect, test } from "vitest";
import { messages } from "../../src/bridges/messages.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import { isObject, JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { eventsOf } from "../../src/protocol/sse.ts";
import { builtInKind } from "../../src/providers/index.ts";
import { framesOf, withBridges } from "../../src/routing/bridges.ts";
import { compareChat } from "../conformance/compare-chat.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import type { Reading } from "../conformance/reading.ts";
import { bodyBytes, loadRecordings, type Recording } from "../conformance/recording.ts";
import { supportOf } from "../conformance/wires.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";
import { assemble } from "./messages-door.ts";

const folder = sharedPath("recordings/", "The suite over every provider's recorded chats, asked for as messages");
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const recordings = folder === undefined ? [] : loadRecordings(folder, undefined).recordings;
const chats = recordings.filter(
  (recording) =>
    recording.client?.api === "chat.completions" &&
    recording.response.status === 200 &&
    recording.expect?.error_in_body === undefined &&
    (recording.expect?.choices ?? 1) === 1 &&
    supportOf(recording) !== undefined,
);

/** Where an answer may say something else than its recording expects, and why. */
const ARGUED: readonly (readonly [file: RegExp, fault: RegExp, why: string])[] = [
  [/^cohere\./, /^usage\.billed_units/, "a message's usage counts tokens; Cohere's bill has no place in it"],
  [/^gemini\.gemini-grounding/, /^usage\.prompt_tokens/, "what Google's own search read is paid for as well"],
  [/^xai\./, /^usage\.completion_tokens/, "xAI counts thoughts beside the completion, Anthropic in it"],
];

function unargued(file: string, faults: readonly string[]): string[] {
  return faults.filter((fault) => !ARGUED.some(([files, faults]) => files.test(file) && faults.test(fault)));
}

async function bridgedFor(recording: Recording): Promise<Adapter> {
  const { wire } = supportOf(recording)!;
  const kind = (await builtInKind(wire.kind))!;
  const baseUrl = "https://provider.example/v1";
  const settings = kind.settings.parse({ baseUrl, ...(wire.settings?.("key", recording) ?? { apiKey: "key" }) });
  const transport = () => Promise.reject(new Error("Nothing is sent."));
  const { adapters } = kind.open(settings, { transportTo: () => transport });
  const provider = { name: "p", kind: wire.kind, transport, adapters: { chat: adapters.chat! } };
  return withBridges(provider, [messages]).adapters.messages!;
}

/** What of the client's chat decides how its answer is read: tools, and the form it shall have. */
function askedIn(chat: JsonObject): JsonObject {
  const { response_format: format, tools, stream } = chat;
  const { schema } = isObject(format) && isObject(format.json_schema) ? format.json_schema : {};
  const offered = Array.isArray(tools) ? tools.filter(isObject) : [];
  return {
    model: "m",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
    ...(isObject(schema) ? { output_config: { format: { type: "json_schema", schema } } } : {}),
    ...(offered.length > 0 ? { tools: offered.map(({ function: named }) => toolIn(named as JsonObject)) } : {}),
    ...(stream === true ? { stream: true } : {}),
  };
}

function toolIn({ parameters, ...named }: JsonObject): JsonObject {
  return { ...named, input_schema: parameters ?? { type: "object" } };
}

async function answered(recording: Recording): Promise<JsonObject> {
  const bytes = bodyBytes(recording);
  const pieces = cutAt(bytes, randomOffsets(bytes.length, seededRandom(seed, recording.file)));
  const adapter = await bridgedFor(recording);
  const body = JsonBody.of(askedIn(recording.client!.body));
  const request: OpenAIRequest = { body, model: "m", stream: body.value.stream === true };
  const model = supportOf(recording)!.wire.model?.(recording) ?? String(recording.request.body.model);
  const target = { name: `p/${model}`, provider: "p", model };
  adapter.encode(request, target);
  if (!request.stream) return JSON.parse(String(adapter.decode(bytes, { request, target }).body));
  const facts: StreamFacts = { finished: false, usage: undefined };
  const arriving = (async function* () {
    yield* pieces;
  })();
  const events: JsonObject[] = [];
  for await (const frame of framesOf(adapter, arriving, { request, target, facts })) {
    events.push(...eventsOf(frame.bytes).map(({ json }) => json as JsonObject));
  }
  expect(events.at(-1)).toEqual({ type: "message_stop" });
  expect(facts.finished).toBe(true);
  return assemble(events);
}

/** A message, as an application of OpenAI's would have read it. */
function readingOf({ content, stop_reason, stop_details, usage }: JsonObject): Reading {
  const blocks = content as JsonObject[];
  const joined = (type: string, field: string) =>
    blocks.flatMap((block) => (block.type === type ? [block[field]] : [])).join("");
  const text = joined("text", "text");
  const refused = isObject(stop_details) && stop_details.explanation === text && text !== "";
  const toolCalls = blocks
    .filter(({ type }) => type === "tool_use")
    .map(({ id, name, input }) => ({
      id: String(id),
      name: String(name),
      arguments: argumentsOf(input as JsonObject),
    }));
  const choice = {
    text: refused ? "" : text,
    refusal: refused ? text : "",
    reasoning: joined("thinking", "thinking"),
    toolCalls,
    finish: refused ? "stop" : FINISHES[String(stop_reason)],
    finishCount: 1,
  };
  return {
    choices: new Map([[0, choice]]),
    usage: usageIn(usage as Counters),
    error: undefined,
    doneCount: 0,
    doneIsLast: true,
  };
}

const FINISHES: Readonly<Record<string, string>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

function argumentsOf(input: JsonObject): string {
  return typeof input.invalid_json === "string" ? input.invalid_json : JSON.stringify(input);
}

interface Counters {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly output_tokens_details?: { readonly thinking_tokens: number };
}

function usageIn(usage: Counters): JsonObject {
  const { input_tokens, output_tokens, cache_read_input_tokens: read, cache_creation_input_tokens: written } = usage;
  const prompt_tokens = input_tokens + read + written;
  return {
    prompt_tokens,
    completion_tokens: output_tokens,
    total_tokens: prompt_tokens + output_tokens,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: usage.output_tokens_details?.thinking_tokens ?? 0 },
  };
}

describe.skipIf(folder === undefined)("recorded chats, asked for as messages", () => {
  test.each(chats.map((recording) => [recording.file, recording] as const))("%s", async (file, recording) => {
    const message = await answered(recording);
    expect(unargued(file, compareChat(readingOf(message), recording.expect!)), `SEED=${seed}`).toEqual([]);
  });
});
