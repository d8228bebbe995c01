/** Recorded traffic of one provider against its adapters: the request, the answer, the stream in any cutting, the refusals. */
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { compareChat } from "../conformance/compare-chat.ts";
import { compareEmbeddings } from "../conformance/compare-embeddings.ts";
import { cutAt, randomOffsets, seededRandom } from "../conformance/cutting.ts";
import { differencesBetween, describe as inWords } from "../conformance/difference.ts";
import { readEvents } from "../conformance/event.ts";
import { readStream, readWhole } from "../conformance/reading.ts";
import { loadRecordings, type Recording } from "../conformance/recording.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { isIntended, type Wire } from "../conformance/wire.ts";
import { sharedPath } from "./anthropic-shared.ts";
import type { Door } from "./wire-door.ts";

export interface Recorded {
  /** As in the files' names. */
  readonly provider: string;
  readonly wire: Wire;
  readonly chat: Door;
  readonly embeddings: Door;
}

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

export function testRecordings({ provider, wire, chat, embeddings }: Recorded): void {
  const folder = sharedPath("recordings/", `The suite over recorded traffic of ${provider}`);
  const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check against OpenAI's schemas");
  const schemas = specification === undefined ? undefined : loadSchemas(specification);
  const all = folder === undefined ? [] : loadRecordings(folder, `${provider}.*`).recordings;
  const ours = all.filter((one) => wire.speaks(one, { api: one.client!.api } as Parameters<Wire["speaks"]>[1]));
  const doorOf = ({ client }: Recording) => (client!.api === "embeddings" ? embeddings : chat);
  const byFile = (list: readonly Recording[]) => list.map((one) => [one.file, one] as const);
  const faultsOf = (schema: string, value: unknown) => schemas?.(schema, value) ?? [];
  const answers = ours.filter(({ response, expect: told }) => response.status === 200 && told);
  const whole = answers.filter(({ client }) => client!.api === "chat.completions" && client!.body.stream !== true);
  const streams = answers.filter(({ client }) => client!.body.stream === true);

  describe.skipIf(folder === undefined)(`recorded traffic of ${provider}`, () => {
    test.each(byFile(ours))("%s: the request means what was recorded, and nothing is lost", (_, recording) => {
      const { request, client } = recording;
      const { body, dropped } = doorOf(recording).encode({ ...client!.body, model: request.body.model });
      const meaning = (value: JsonObject) => wire.meaning?.(value, client!.lossy) ?? value;
      const differences = differencesBetween(meaning(request.body), meaning(body));
      expect(differences.filter((one) => !isIntended(one, wire)).map(inWords)).toEqual([]);
      expect(dropped).toEqual([]);
    });

    test.each(byFile(whole))("%s: the answer says what was recorded", (_, { client, response, expect: told }) => {
      const answer = chat.decode(response.body, client!.body);
      expect(compareChat(readWhole(answer), told!)).toEqual([]);
      expect(faultsOf("CreateChatCompletionResponse", answer)).toEqual([]);
    });

    test.each(byFile(streams))(
      "%s: the stream says what was recorded",
      async (_, { client, response, expect: told }) => {
        const body = { ...client!.body, stream_options: { include_usage: true } };
        const { chunks, text, error } = await chat.stream([Buffer.from(response.body)], body);
        expect(error).toBeUndefined();
        expect(compareChat(readStream(readEvents(text)), told!)).toEqual([]);
        expect(chunks.flatMap((chunk) => faultsOf("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
      },
    );

    test.each(byFile(streams))(
      "%s: the stream says the same wherever it is cut",
      async (file, { client, response }) => {
        console.log(`${file} cut at random places, SEED=${seed}`);
        const bytes = Buffer.from(response.body);
        const { text } = await chat.stream([bytes], client!.body);
        const random = seededRandom(seed, file);
        for (let round = 0; round < 20; round++) {
          const pieces = cutAt(bytes, randomOffsets(bytes.length, random));
          expect((await chat.stream(pieces, client!.body)).text, `SEED=${seed} round ${round}`).toBe(text);
        }
        expect((await chat.stream(cutAt(bytes, [...bytes.keys()]), client!.body)).text, "by bytes").toBe(text);
      },
    );

    test.each(byFile(answers.filter(({ client }) => client!.api === "embeddings")))(
      "%s: the vectors are the recorded ones",
      (_, { client, response, expect: told }) => {
        const answer = embeddings.decode(response.body, client!.body);
        expect(compareEmbeddings(answer, JSON.parse(response.body), told!)).toEqual([]);
        expect(faultsOf("CreateEmbeddingResponse", answer)).toEqual([]);
      },
    );

    test.each(byFile(ours.filter(({ response }) => response.status !== 200)))(
      "%s: the refusal has a code and OpenAI's shape",
      (_, { response }) => {
        const error = chat.adapter.decodeError(response.status, response.body, response.headers);
        expect(error.code).toBe(response.status === 401 ? "upstream_auth" : "context_length_exceeded");
        expect(faultsOf("ErrorResponse", error.toBody())).toEqual([]);
      },
    );
  });
}
