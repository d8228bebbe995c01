import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { compareChat } from "../conformance/compare-chat.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { differencesBetween, describe as inWords } from "../conformance/difference.ts";
import { readEvents } from "../conformance/event.ts";
import { readStream, readWhole } from "../conformance/reading.ts";
import { loadRecordings, type Recording } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { isIntended } from "../conformance/wire.ts";
import { anthropic } from "../conformance/wires/anthropic.ts";
import { meaningOf } from "../conformance/wires/messages-meaning.ts";
import { adapterWith, decode, decodeStream, encode } from "./anthropic-door.ts";
import { sharedPath } from "./anthropic-shared.ts";

const folder = sharedPath("recordings/", "The suite over recorded Anthropic traffic");
const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
const schemas = specification === undefined ? undefined : loadSchemas(specification);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Anthropic's own, and its answers behind other doors: at Vertex and Bedrock, where only an event stream is framed otherwise. */
const recordings = folder === undefined ? [] : loadRecordings(folder, "anthropic.").recordings;
const requests = recordings.filter(({ provider, client }) => provider === "anthropic" && client);
const answers = recordings.filter(
  ({ response, expect }) => response.status === 200 && response.encoding === undefined && expect,
);
const refusals = recordings.filter(({ response }) => response.status !== 200);

const byFile = (list: readonly Recording[]) => list.map((recording) => [recording.file, recording] as const);

describe.skipIf(folder === undefined)("recorded traffic", () => {
  test.each(byFile(requests))("%s: the request means what was recorded", (_, { request, client }) => {
    const { body } = encode({ ...client!.body, model: request.body.model });
    const meaning = (value: JsonObject) => meaningOf(value, client!.lossy);
    const differences = differencesBetween(meaning(request.body), meaning(body));
    expect(differences.filter((one) => !isIntended(one, anthropic)).map(inWords)).toEqual([]);
  });

  test.each(byFile(requests))("%s: nothing of the client's request is lost", (_, { request, client }) => {
    expect(encode({ ...client!.body, model: request.body.model }).dropped).toEqual([]);
  });

  test.each(byFile(answers))("%s: the answer says what was recorded", async (_, recording) => {
    const { client, response, expect: expected } = recording;
    if (client!.body.stream !== true) {
      const answer = decode(response.body, client!.body);
      expect(compareChat(readWhole(answer), expected!)).toEqual([]);
      expect(schemas?.("CreateChatCompletionResponse", answer) ?? []).toEqual([]);
      return;
    }
    const { chunks, text, error } = await decodeStream([Buffer.from(response.body)], client!.body);
    expect(error).toBeUndefined();
    expect(compareChat(readStream(readEvents(text)), expected!)).toEqual([]);
    expect(chunks.flatMap((chunk) => schemas?.("CreateChatCompletionStreamResponse", chunk) ?? [])).toEqual([]);
  });

  test("streams say the same wherever they are cut", async () => {
    console.log(`recorded streams cut at random places, SEED=${seed}`);
    for (const { file, client, response } of answers.filter(({ client }) => client!.body.stream === true)) {
      const bytes = Buffer.from(response.body);
      const { text } = await decodeStream([bytes], client!.body);
      const random = seededRandom(seed, file);
      for (let round = 0; round < 5; round++) {
        const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
        expect((await decodeStream(pieces, client!.body)).text, `${file} SEED=${seed} round ${round}`).toBe(text);
      }
      expect((await decodeStream(cutAt(bytes, [...bytes.keys()]), client!.body)).text, `${file} by bytes`).toBe(text);
    }
  });

  test.each(byFile(refusals))("%s: the refusal has a code and OpenAI's shape", (_, { response }) => {
    const error = adapterWith().decodeError(response.status, response.body, response.headers);
    expect(error.code).toBe(response.status === 401 ? "upstream_auth" : "context_length_exceeded");
    expect(schemas?.("ErrorResponse", error.toBody()) ?? []).toEqual([]);
  });
});
