import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { compareChat } from "../conformance/compare-chat.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { differencesBetween, describe as inWords } from "../conformance/difference.ts";
import { readEvents } from "../conformance/event.ts";
import { readStream, readWhole } from "../conformance/reading.ts";
import { loadRecordings, type Recording } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { isIntended, unargued } from "../conformance/wire.ts";
import { gemini } from "../conformance/wires/gemini.ts";
import { vertex } from "../conformance/wires/vertex.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { chat, decode, decodeStream, encode } from "./gemini-door.ts";

const folder = sharedPath("recordings/", "The suite over recorded Gemini traffic");
const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
const schemas = specification === undefined ? undefined : loadSchemas(specification);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Of AI Studio and of Vertex: the same wire under other paths. */
const all = folder === undefined ? [] : loadRecordings(folder, undefined).recordings;
const chats = all.filter(
  ({ provider, client }) => client?.api === "chat.completions" && /^(gemini|vertex)$/.test(provider),
);
const answers = chats.filter(({ response, expect }) => response.status === 200 && expect);
const whole = answers.filter(({ client }) => client!.body.stream !== true);
const streams = answers.filter(({ client }) => client!.body.stream === true);
const refusals = chats.filter(({ response }) => response.status !== 200);

const byFile = (list: readonly Recording[]) => list.map((recording) => [recording.file, recording] as const);
const wireOf = ({ provider }: Recording) => (provider === "gemini" ? gemini : vertex);
const modelOf = (recording: Recording) => wireOf(recording).model!(recording);

describe.skipIf(folder === undefined)("recorded traffic", () => {
  test.each(byFile(chats))("%s: the request means what was recorded, and nothing of it is lost", (_, recording) => {
    const { request, client } = recording;
    const { body, dropped } = encode({ ...client!.body, model: modelOf(recording) });
    const meaning = (value: JsonObject) => gemini.meaning!(value, client!.lossy);
    const differences = differencesBetween(meaning(request.body), meaning(body));
    expect(differences.filter((one) => !isIntended(one, gemini)).map(inWords)).toEqual([]);
    expect(dropped).toEqual([]);
  });

  test.each(byFile(whole))("%s: the answer says what was recorded", (file, recording) => {
    const answer = decode(recording.response.body, recording.client!.body);
    const faults = compareChat(readWhole(answer), recording.expect!);
    expect(unargued(faults, file, wireOf(recording))).toEqual([]);
    expect(schemas?.("CreateChatCompletionResponse", answer) ?? []).toEqual([]);
  });

  test.each(byFile(streams))("%s: the stream says what was recorded", async (file, recording) => {
    const { chunks, text, error } = await decodeStream([Buffer.from(recording.response.body)], recording.client!.body);
    if (recording.expect!.error_in_body) expect(error).toMatchObject({ code: "upstream_error" });
    else {
      expect(error).toBeUndefined();
      expect(unargued(compareChat(readStream(readEvents(text)), recording.expect!), file, vertex)).toEqual([]);
    }
    expect(chunks.flatMap((chunk) => schemas?.("CreateChatCompletionStreamResponse", chunk) ?? [])).toEqual([]);
  });

  test("streams say the same wherever they are cut", async () => {
    console.log(`recorded streams cut at random places, SEED=${seed}`);
    for (const { file, client, response } of streams) {
      const bytes = Buffer.from(response.body);
      const { text } = await decodeStream([bytes], client!.body);
      const random = seededRandom(seed, file);
      for (let round = 0; round < 20; round++) {
        const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
        expect((await decodeStream(pieces, client!.body)).text, `${file} SEED=${seed} round ${round}`).toBe(text);
      }
      expect((await decodeStream(cutAt(bytes, [...bytes.keys()]), client!.body)).text, `${file} by bytes`).toBe(text);
    }
  });

  test.each(byFile(refusals))("%s: the refusal has a code, its wait and OpenAI's shape", (file, { response }) => {
    const error = chat.decodeError(response.status, response.body, response.headers);
    expect([error.code, error.details.retryAfterMs]).toEqual(REFUSALS[file]);
    expect(schemas?.("ErrorResponse", error.toBody()) ?? []).toEqual([]);
  });
});

const REFUSALS: Readonly<Record<string, unknown>> = {
  "gemini.gemini-error-429-retry-info.json": ["upstream_rate_limited", 34_400],
  "gemini.gemini-error-429.json": ["upstream_rate_limited", 48_000],
  "gemini.gemini-error-4xx.json": ["upstream_auth", undefined],
  "vertex.vertex-error.json": ["context_length_exceeded", undefined],
};
