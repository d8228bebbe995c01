import { describe, expect, test } from "vitest";
import { responses } from "../../src/bridges/responses.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import { isObject, JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { builtInKind } from "../../src/providers/index.ts";
import { framesOf, withBridges } from "../../src/routing/bridges.ts";
import { compareChat } from "../conformance/compare-chat.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { readEvents } from "../conformance/event.ts";
import { deltaFaults, readResponse, readResponseStream } from "../conformance/reading-responses.ts";
import { bodyBytes, loadRecordings, type Recording } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { supportOf } from "../conformance/wires.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";

const folder = sharedPath("recordings/", "The suite over every provider's recorded chats, asked for as Responses");
const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
const schemas = specification === undefined ? undefined : loadSchemas(specification);
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
  [/^cohere\./, /^usage\.billed_units/, "a Response's usage counts tokens; Cohere's bill has no place in it"],
  [/^gemini\.gemini-grounding/, /^usage\.prompt_tokens/, "what Google's own search read is paid for as well"],
  [/^xai\./, /^usage\.completion_tokens/, "xAI counts thoughts beside the completion, OpenAI in it"],
];

function unargued(file: string, faults: readonly string[]): string[] {
  return faults.filter((fault) => !ARGUED.some(([files, faults]) => files.test(file) && faults.test(fault)));
}

/** What of the client's chat decides how its answer is read. */
function askedIn(chat: JsonObject): JsonObject {
  const format = isObject(chat.response_format) ? chat.response_format : undefined;
  const tools = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const schema = isObject(format?.json_schema) ? format.json_schema : {};
  return {
    model: "m",
    input: "hi",
    ...(format ? { text: { format: { ...schema, type: format.type } } } : {}),
    ...(tools.length > 0
      ? { tools: tools.map(({ function: named, type }) => ({ type, ...(named as JsonObject) })) }
      : {}),
    ...(chat.stream === true ? { stream: true } : {}),
  };
}

async function bridgedFor(recording: Recording): Promise<Adapter> {
  const { wire } = supportOf(recording)!;
  const kind = (await builtInKind(wire.kind))!;
  const baseUrl = "https://provider.example/v1";
  const settings = kind.settings.parse({ baseUrl, ...(wire.settings?.("key", recording) ?? { apiKey: "key" }) });
  const transport = () => Promise.reject(new Error("Nothing is sent."));
  const { adapters } = kind.open(settings, { transportTo: () => transport });
  const provider = { name: "p", kind: wire.kind, transport, adapters: { chat: adapters.chat! } };
  return withBridges(provider, [responses]).adapters.responses!;
}

async function answered(recording: Recording, pieces: readonly Uint8Array[]) {
  const adapter = await bridgedFor(recording);
  const body = JsonBody.of(askedIn(recording.client!.body));
  const request: OpenAIRequest = { body, model: "m", stream: body.value.stream === true };
  const model = supportOf(recording)!.wire.model?.(recording) ?? String(recording.request.body.model);
  const target = { name: `p/${model}`, provider: "p", model };
  adapter.encode(request, target);
  const facts: StreamFacts = { finished: false, usage: undefined };
  if (!request.stream) return String(adapter.decode(Buffer.concat(pieces), { request, target }).body);
  let text = "";
  const bytes = (async function* () {
    yield* pieces;
  })();
  for await (const frame of framesOf(adapter, bytes, { request, target, facts })) text += Buffer.from(frame.bytes);
  return text;
}

describe.skipIf(folder === undefined)("recorded chats, asked for as Responses", () => {
  test.each(chats.map((recording) => [recording.file, recording] as const))("%s", async (file, recording) => {
    const bytes = bodyBytes(recording);
    const cut = cutAt(bytes, randomOffsets(bytes.length, seededRandom(seed, file)));
    const text = await answered(recording, recording.client!.body.stream === true ? cut : [bytes]);
    if (recording.client!.body.stream !== true) {
      const response = JSON.parse(text);
      expect(unargued(file, compareChat(readResponse(response), recording.expect!))).toEqual([]);
      expect(schemas?.("Response", response) ?? []).toEqual([]);
      return;
    }
    const events = readEvents(text);
    expect(unargued(file, compareChat(readResponseStream(events), recording.expect!))).toEqual([]);
    expect(deltaFaults(events)).toEqual([]);
    expect(events.flatMap(({ data }) => schemas?.("ResponseStreamEvent", JSON.parse(data)) ?? [])).toEqual([]);
  });
});
