import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { answerOf, complete, decode, fixture, jsonFixture, MODEL, messageOf, NOW } from "./gemini-door.ts";

const choiceOf = (answer: JsonObject) => (answer.choices as JsonObject[])[0]!;
const finished = (finishReason: string, parts: JsonObject[] = [{ text: "x" }]) =>
  choiceOf(decode(answerOf(parts, { finishReason }))).finish_reason;

describe("an answer", () => {
  test("is OpenAI's, with Google's ids and names", () => {
    expect(decode(jsonFixture("text.json"))).toEqual({
      id: "txt-1_AnswerId",
      object: "chat.completion",
      created: NOW / 1000,
      model: "gemini-2.5-flash",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Ein Kormoran taucht bis zu 30 Meter tief – à la carte 🐦.\n\nMehr?",
            refusal: null,
          },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      service_tier: "default",
      usage: {
        prompt_tokens: 12,
        completion_tokens: 20,
        total_tokens: 32,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  test("without an id or a model's name gets them", () => {
    const { responseId: _, modelVersion: __, ...bare } = answerOf([{ text: "x" }]);
    expect(decode(bare)).toMatchObject({ id: `chatcmpl-${NOW / 1000}`, model: MODEL });
  });

  test("may come several times, each with its end and its probabilities", () => {
    const { choices } = decode(jsonFixture("two.json"));
    const yes = { token: "Yes", logprob: -0.25, bytes: [89, 101, 115] };
    const no = { token: "No", logprob: -1.5, bytes: [78, 111] };
    expect(choices).toMatchObject([
      {
        index: 0,
        message: { content: "Yes" },
        finish_reason: "stop",
        logprobs: { content: [{ ...yes, top_logprobs: [yes, no] }], refusal: null },
      },
      { index: 1, message: { content: "No" }, finish_reason: "length" },
    ]);
  });

  test("keeps probabilities of any length", () => {
    const logprobsResult = '{"chosenCandidates":[{"token":"a","logProbability":-0.12345678901234567891}]}';
    const body = JSON.stringify(answerOf([{ text: "a" }])).replace(
      '"index":0',
      `"index":0,"logprobsResult":${logprobsResult}`,
    );
    expect(complete(body).body).toContain('"logprob":-0.12345678901234567891');
  });
});

describe("tool calls", () => {
  test("have ids of our making, signatures, and exact arguments", () => {
    const message = messageOf(JSON.parse(String(complete(fixture("tools.json").toString()).body)));
    expect(message).toMatchObject({
      content: "One moment.",
      reasoning_content: "Two things are asked.\n",
      tool_calls: [
        {
          id: "call_tools-1_0",
          type: "function",
          function: { name: "forecast", arguments: '{"place":"Lindau","day":9007199254740993}' },
          extra_content: { google: { thought_signature: "c2lnbmF0dXJlLW9uZQ==" } },
        },
        { id: "call_tools-1_1", type: "function", function: { name: "now", arguments: "{}" } },
      ],
    });
    expect(choiceOf(decode(jsonFixture("tools.json"))).finish_reason).toBe("tool_calls");
  });

  test("keep ids of Google's making", () => {
    const message = messageOf(decode(answerOf([{ functionCall: { id: "fc-1", name: "f" } }])));
    expect(message).toMatchObject({ content: null, tool_calls: [{ id: "fc-1", function: { arguments: "{}" } }] });
  });

  test("of different candidates and answers have different ids", () => {
    const candidate = (index: number) => ({ content: { parts: [{ functionCall: { name: "f", args: {} } }] }, index });
    const ids = ["r1", "r2"].flatMap((responseId) => {
      const { choices } = decode({ candidates: [candidate(0), candidate(1)], responseId }) as { choices: JsonObject[] };
      return choices.map(({ message }) => ((message as JsonObject).tool_calls as JsonObject[])[0]!.id);
    });
    expect(new Set(ids).size).toBe(4);
    const nameless = () => JSON.stringify(messageOf(decode({ candidates: [candidate(0)] })));
    expect(nameless()).not.toBe(nameless());
  });
});

describe("thoughts", () => {
  test("are told apart, and their seal is kept", () => {
    expect(messageOf(decode(jsonFixture("thinking.json")))).toEqual({
      role: "assistant",
      content: "13",
      refusal: null,
      reasoning_content: "**Counting**\n\nSeven and six.\nCheck: 13.\n",
      extra_content: { google: { thought_signature: "c2VhbA==" } },
    });
  });

  test("count as what was completed, what Google's tools read as what was asked", () => {
    expect(complete(jsonFixture("thinking.json")).usage).toEqual({
      promptTokens: 9,
      completionTokens: 32,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 30,
    });
    const counted = {
      promptTokenCount: 50,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 3,
      toolUsePromptTokenCount: 7,
    };
    expect(complete({ ...answerOf([{ text: "x" }]), usageMetadata: counted }).usage).toMatchObject({
      promptTokens: 57,
      completionTokens: 3,
      cachedTokens: 40,
    });
    expect(complete({ ...answerOf([{ text: "x" }]), usageMetadata: { trafficType: "ON_DEMAND" } })).toMatchObject({
      usage: undefined,
    });
  });
});

describe("other things an answer holds", () => {
  test("sources stand where they belong, counted in characters", () => {
    const answer = decode(jsonFixture("grounding.json"));
    const text = String(messageOf(answer).content);
    const annotations = messageOf(answer).annotations as { url_citation: Record<string, never> }[];
    expect(
      annotations.map(({ url_citation: { start_index, end_index, url, title } }) => [
        text.slice(start_index, end_index),
        url,
        title,
      ]),
    ).toEqual([
      ["Zürich lies on the Limmat.", "https://example.org/limmat", "Limmat"],
      ["It is old.", "https://example.org/limmat", "Limmat"],
      ["It is old.", "https://example.org/old", "https://example.org/old"],
    ]);
    expect(choiceOf(answer).extra_content).toMatchObject({ google: { groundingMetadata: { webSearchQueries: {} } } });
  });

  test("recitations are sources too", () => {
    const citationMetadata = { citationSources: [{ startIndex: 0, endIndex: 1, uri: "https://example.org" }] };
    expect(messageOf(decode(answerOf([{ text: "x" }], { citationMetadata })))).toMatchObject({
      annotations: [
        { type: "url_citation", url_citation: { start_index: 0, end_index: 1, url: "https://example.org" } },
      ],
    });
  });

  test("pictures come as data URLs", () => {
    const { images, content } = messageOf(decode(jsonFixture("image.json"))) as {
      images: JsonObject[];
      content: string;
    };
    expect(content).toBe("Here: ");
    expect(images).toEqual([
      { type: "image_url", image_url: { url: expect.stringMatching(/^data:image\/png;base64,iVBOR/) } },
    ]);
  });

  test("speech comes as OpenAI's audio", () => {
    const parts = ["AAAA", "BBBB"].map((data) => ({ inlineData: { mimeType: "audio/L16;rate=24000", data } }));
    expect(messageOf(decode(answerOf(parts)))).toMatchObject({
      content: "",
      audio: { data: "AAAABBBB", transcript: "" },
    });
  });

  test("code that Google ran is kept as it came", () => {
    const code = [{ executableCode: { language: "PYTHON", code: "1+1" } }, { codeExecutionResult: { output: "2" } }];
    expect(messageOf(decode(answerOf([...code, { text: "2" }])))).toMatchObject({
      content: "2",
      extra_content: { google: { parts: code } },
    });
  });
});

describe("why it ended", () => {
  test.each([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["BLOCKLIST", "content_filter"],
    ["PROHIBITED_CONTENT", "content_filter"],
    ["SPII", "content_filter"],
    ["IMAGE_SAFETY", "content_filter"],
    ["OTHER", "stop"],
    ["SOMETHING_NEW", "stop"],
  ])("%s is %s", (reason, finish) => {
    expect(finished(reason)).toBe(finish);
  });

  test("Google's own words for the unusual are kept", () => {
    expect(choiceOf(decode(jsonFixture("safety.json")))).toMatchObject({
      finish_reason: "content_filter",
      extra_content: { google: { finishReason: "SAFETY", safetyRatings: [{ blocked: true }] } },
    });
  });

  test("a prompt that was blocked is an empty answer that was filtered", () => {
    expect(decode(jsonFixture("blocked.json"))).toMatchObject({
      choices: [
        {
          message: { content: "" },
          finish_reason: "content_filter",
          extra_content: { google: { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } } },
        },
      ],
      usage: { prompt_tokens: 6, completion_tokens: 0 },
    });
  });

  test("a call that the model failed at is no answer, unless it said something before", () => {
    expect(() => finished("MALFORMED_FUNCTION_CALL", [])).toThrow(
      expect.objectContaining({ code: "upstream_invalid_response", retryable: true }),
    );
    expect(finished("MALFORMED_FUNCTION_CALL")).toBe("stop");
  });
});

describe("what is no answer", () => {
  test.each(["", "[]", "{}", "<html>", '{"candidates":[]}', '{"candidates":"x"}'])("%j", (body) => {
    expect(() => complete(body)).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
  });

  test("an error under 200 is that error", () => {
    const body = { error: { code: 503, status: "UNAVAILABLE", message: "The model is overloaded." } };
    expect(() => complete(body)).toThrow(expect.objectContaining({ code: "upstream_overloaded" }));
  });
});
