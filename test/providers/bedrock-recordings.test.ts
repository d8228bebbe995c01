import { describe, expect, test } from "vitest";
import { compareChat } from "../conformance/compare-chat.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { differencesBetween, describe as inWords } from "../conformance/difference.ts";
import { readEvents } from "../conformance/event.ts";
import { readStream, readWhole } from "../conformance/reading.ts";
import { bodyBytes, loadRecordings, type Recording } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { isIntended } from "../conformance/wire.ts";
import { bedrock } from "../conformance/wires/bedrock.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { adapterWith, decode, decodeStream, encode } from "./bedrock-door.ts";

const folder = sharedPath("recordings/", "The suite over recorded Bedrock traffic");
const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
const schemas = specification === undefined ? undefined : loadSchemas(specification);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Embeddings go through the whole gateway in the conformance suite. */
const recordings = folder === undefined ? [] : loadRecordings(folder, "bedrock.").recordings;
const chats = recordings.filter(({ client }) => client?.api === "chat.completions");
const answers = chats.filter(({ response }) => response.status === 200);
const refusals = recordings.filter(({ response }) => response.status !== 200);

const byFile = (list: readonly Recording[]) => list.map((recording) => [recording.file, recording] as const);
const chatOf = (recording: Recording) => ({ ...recording.client!.body, model: bedrock.model!(recording) });
const optionsFor = ({ meta }: Recording) => ({ api: /invoke/.test(meta.endpoint) ? "invoke" : "converse" }) as const;

describe.skipIf(folder === undefined)("recorded traffic", () => {
  test.each(byFile(chats))("%s: the request means what was recorded, and nothing is lost", (_, recording) => {
    const { request, client } = recording;
    const { path, body, dropped } = encode(chatOf(recording), optionsFor(recording));
    const meaning = (value: typeof body) => bedrock.meaning!(value, client!.lossy);
    const differences = differencesBetween(meaning(request.body), meaning(body));
    expect(differences.filter((one) => !isIntended(one, bedrock)).map(inWords)).toEqual([]);
    expect(decodeURIComponent(path)).toBe(decodeURIComponent(new URL(request.url).pathname));
    expect(dropped).toEqual([]);
  });

  test.each(byFile(answers))("%s: the answer says what was recorded", async (_, recording) => {
    const { client, expect: expected } = recording;
    if (client!.body.stream !== true) {
      const answer = decode(bodyBytes(recording).toString(), chatOf(recording), optionsFor(recording));
      expect(compareChat(readWhole(answer), expected!)).toEqual([]);
      expect(schemas?.("CreateChatCompletionResponse", answer) ?? []).toEqual([]);
      return;
    }
    const { chunks, text, error } = await decodeStream(
      [bodyBytes(recording)],
      chatOf(recording),
      optionsFor(recording),
    );
    expect(error).toBeUndefined();
    expect(compareChat(readStream(readEvents(text)), expected!)).toEqual([]);
    expect(chunks.flatMap((chunk) => schemas?.("CreateChatCompletionStreamResponse", chunk) ?? [])).toEqual([]);
  });

  test("streams say the same wherever they are cut", async () => {
    console.log(`recorded streams cut at random places, SEED=${seed}`);
    for (const recording of answers.filter(({ client }) => client!.body.stream === true)) {
      const bytes = bodyBytes(recording);
      const read = async (pieces: Iterable<Uint8Array>) =>
        (await decodeStream(pieces, chatOf(recording), optionsFor(recording))).text;
      const text = await read([bytes]);
      const random = seededRandom(seed, recording.file);
      for (let round = 0; round < 20; round++) {
        const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
        expect(await read(pieces), `${recording.file} SEED=${seed} round ${round}`).toBe(text);
      }
      expect(await read(cutAt(bytes, [...bytes.keys()])), `${recording.file} by bytes`).toBe(text);
    }
  });

  test.each(byFile(refusals))("%s: the refusal has a code and OpenAI's shape", (_, { response }) => {
    const error = adapterWith().decodeError(response.status, response.body, response.headers);
    expect(error.code).toBe(response.status === 403 ? "upstream_auth" : "context_length_exceeded");
    expect(schemas?.("ErrorResponse", error.toBody()) ?? []).toEqual([]);
  });

  test("of a model by InvokeModel that is not Claude's is Converse's in all but the path", () => {
    const other = recordings.find(({ file }) => file === "bedrock.invoke-other-family.json");
    if (!other) return;
    const answer = decode(other.response.body, { model: bedrock.model!(other) });
    expect(readWhole(answer).choices.get(0)).toMatchObject({
      finish: "tool_calls",
      toolCalls: [{ name: "get_weather" }],
    });
  });
});
