import { describe, expect, test } from "vitest";
import { compareAnswer } from "./compare-answer.ts";
import { CHUNKS, refused, streamedChat, streamOf, wholeChat } from "./fixtures.ts";
import type { Expectation, Recording } from "./recording.ts";
import type { SchemaCheck } from "./schema.ts";
import { supportOf } from "./wires.ts";

interface Came {
  readonly status?: number;
  readonly body?: string;
  readonly complete?: boolean;
  readonly schemas?: SchemaCheck;
}

/** What is said about a recording when the gateway answered with `came`; without `came`, with the recorded answer. */
function verdictOn(recording: Recording, came: Came = {}) {
  const { status = recording.response.status, body = recording.response.body, complete = true, schemas } = came;
  const answer = { status, headers: recording.response.headers, body: Buffer.from(body), complete };
  return compareAnswer({ recording, supported: supportOf(recording)!, answer, schemas, direct: false });
}

const faultsOf = (recording: Recording, came?: Came) => verdictOn(recording, came).faults;

function expecting(recording: Recording, changes: Expectation): Recording {
  return { ...recording, expect: { ...recording.expect, ...changes } };
}

describe.each([
  ["a whole answer", wholeChat()],
  ["a stream", streamedChat()],
])("%s", (_, recording) => {
  test("that came as recorded is right", () => {
    expect(faultsOf(recording)).toEqual([]);
  });

  test.each<[string, Expectation]>([
    ["text", { text: "Grüße?" }],
    ["reasoning", { reasoning_text: "Let me think." }],
    ["refusal", { refusal: "No." }],
    ["finish_reason", { openai_finish_reason: "length" }],
    ["usage.prompt_tokens", { usage: { prompt_tokens: 6 } }],
    ["usage.cached_tokens", { usage: { cached_tokens: 4 } }],
    ["tool_calls[0]", { tool_calls: [{ name: "fly", arguments: {} }] }],
    ["choices", { choices: 2 }],
    ["text of choice 1", { text_by_choice: { 0: "Grüße!", 1: "Hallo!" } }],
    ["the provider's error", { error_in_body: { message: "oops" } }],
  ])("is wrong when its %s differs", (name, changes) => {
    const [first, ...more] = faultsOf(expecting(recording, changes));
    expect(first).toContain(name);
    expect(more).toEqual([]);
  });

  test("is wrong when the connection broke", () => {
    expect(faultsOf(recording, { complete: false })).toEqual(["the connection broke before the answer was over"]);
  });

  test("is wrong when it was another status", () => {
    expect(faultsOf(recording, { status: 502 })[0]).toMatch(/^status: expected 200, got 502/);
  });

  test("is checked against the schema, but not blamed for what the provider wrote", () => {
    const schemas: SchemaCheck = (name) => [`not a ${name}`];
    const { faults, notes } = verdictOn(recording, { schemas });
    expect(faults).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^not a CreateChatCompletion/)]);
  });
});

describe("a whole answer", () => {
  test("must not lose a field nobody knows", () => {
    const { id: _, ...rest } = JSON.parse(wholeChat().response.body);
    expect(faultsOf(wholeChat(), { body: JSON.stringify(rest) })).toEqual([
      'the answer changed on the way: id is missing, expected "chatcmpl-1"',
    ]);
  });

  test("must not be written anew", () => {
    const spaced = JSON.stringify(JSON.parse(wholeChat().response.body), null, 1);
    expect(faultsOf(wholeChat(), { body: spaced })).toEqual(["the answer was written anew: same JSON, other bytes"]);
  });
});

describe("a stream", () => {
  const recorded = streamedChat();

  test("must end with [DONE], once, where the provider's did", () => {
    expect(faultsOf(recorded, { body: streamOf(CHUNKS, "") })).toEqual(["[DONE] is missing"]);
    const twice = "data: [DONE]\n\ndata: [DONE]\n\n";
    expect(faultsOf(recorded, { body: streamOf(CHUNKS, twice) })).toEqual(["[DONE] came 2 times"]);
  });

  test("may get a [DONE] that the provider forgot", () => {
    const forgetful = streamedChat({ response: { ...recorded.response, body: streamOf(CHUNKS, "") } });
    expect(faultsOf(forgetful)).toEqual([]);
    expect(faultsOf(forgetful, { body: streamOf(CHUNKS) })).toEqual([]);
  });

  test("must not lose, change or add an event", () => {
    expect(faultsOf(recorded, { body: streamOf(CHUNKS.toSpliced(1, 1)) })).toContainEqual(
      expect.stringMatching(/^event 2 of 5/),
    );
    expect(faultsOf(recorded, { body: streamOf([...CHUNKS, { choices: [] }]) })).toContainEqual(
      expect.stringMatching(/^an event the provider never sent/),
    );
  });

  test("may keep usage from a client that did not ask, and from no other", () => {
    const body = streamOf(CHUNKS.slice(0, -1));
    expect(faultsOf(recorded, { body })).not.toEqual([]);
    const client = { ...recorded.client!, body: { model: "parrot-1", stream: true } };
    const quiet = { ...expecting(recorded, { usage: null }), client };
    expect(faultsOf(quiet, { body })).toEqual([]);
  });

  test("that broke must say so, with no [DONE] and no good end", () => {
    const error = { message: "out of seeds", type: "server_error", code: null };
    const body = streamOf([...CHUNKS.slice(0, 3), { error }], "");
    const broken = {
      ...recorded,
      response: { ...recorded.response, body },
      expect: { text: "Grüße!", openai_finish_reason: null, error_in_body: error },
    };
    expect(faultsOf(broken, { complete: false })).toEqual([]);
    expect(faultsOf(broken, { body: `${body}data: [DONE]\n\n` })).toEqual(["[DONE] after an error"]);
    expect(faultsOf(broken, { body: streamOf(CHUNKS.slice(0, 3)) })).toContainEqual(
      "the provider's error inside the stream did not reach the client",
    );
  });

  test("is the same in any line ending, with comments and without the last blank line", () => {
    const body = `: hello\n\n${recorded.response.body}`.replaceAll("\n", "\r\n").trimEnd();
    expect(faultsOf(recorded, { body })).toEqual([]);
  });
});

describe("an error", () => {
  test("of the request reaches the client in the provider's words", () => {
    expect(faultsOf(refused(400))).toEqual([]);
    const body = JSON.stringify({
      error: { message: "Bad request.", type: "invalid_request_error", param: null, code: null },
    });
    expect(faultsOf(refused(400), { body })).toEqual([
      'error.message: expected the provider\'s "There is no such parrot.", got "Bad request."',
      'error.code: expected the provider\'s "no_parrot", got null',
    ]);
  });

  test("of the gateway's key is a broken upstream to the client", () => {
    const body = JSON.stringify({
      error: { message: "The upstream failed.", type: "upstream_error", param: null, code: "x" },
    });
    expect(faultsOf(refused(401), { status: 502, body })).toEqual([]);
    expect(faultsOf(refused(401), { status: 401, body })[0]).toMatch(/^status: expected 502, got 401/);
  });

  test("has OpenAI's shape", () => {
    expect(faultsOf(refused(429), { body: '{"detail":"slow down"}' })[0]).toMatch(
      /^an error without an `error` object/,
    );
    expect(faultsOf(refused(429), { body: '{"error":{"message":"slow down","code":429}}' })).toEqual([
      "error.type is no text",
      "error.code is 429",
    ]);
  });
});

describe("tool calls", () => {
  const call = (part: object, index = 0) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index, ...part }] } }] });
  const chunks = [
    call({ id: "call_1", type: "function", function: { name: "fly", arguments: "" } }),
    call({ id: "call_2", type: "function", function: { name: "land", arguments: "{}" } }, 1),
    call({ id: "call_1", function: { name: "fly", arguments: '{"to":' } }),
    call({ function: { name: "", arguments: '"Malmö"}' } }),
    CHUNKS[3]!,
  ];
  const recording = (tool_calls: Expectation["tool_calls"]) =>
    streamedChat({
      response: { ...streamedChat().response, body: streamOf(chunks) },
      expect: { text: "", openai_finish_reason: "stop", ...(tool_calls ? { tool_calls } : {}) },
    });

  test("are put together from their pieces, names and ids taken once", () => {
    const wanted = [
      { name: "fly", arguments: { to: "Malmö" } },
      { name: "land", arguments: {} },
    ];
    expect(faultsOf(recording(wanted))).toEqual([]);
    const [fly, land] = wanted;
    expect(faultsOf(recording([land!, fly!]))).not.toEqual([]);
  });

  test("cut off inside their arguments keep the raw text", () => {
    const cut = streamedChat({
      response: { ...streamedChat().response, body: streamOf([...chunks.slice(0, 3), CHUNKS[3]!]) },
      expect: {
        openai_finish_reason: "stop",
        tool_calls: [
          { name: "fly", arguments: { __invalid_json__: '{"to":' } },
          { name: "land", arguments: {} },
        ],
      },
    });
    expect(faultsOf(cut)).toEqual([]);
  });
});

describe("embeddings", () => {
  const floats = Buffer.from(Float32Array.of(0.5, -1).buffer).toString("base64");
  const recording = (embedding: unknown, changes: Expectation = {}): Recording => {
    const body = JSON.stringify({
      object: "list",
      data: [{ index: 0, embedding }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
    const whole = wholeChat();
    return {
      ...whole,
      request: { ...whole.request, url: "https://api.openai.com/v1/embeddings" },
      response: { ...whole.response, body },
      client: { ...whole.client!, api: "embeddings" },
      expect: { vectors: 1, dims: 2, usage_native: { prompt_tokens: 2, total_tokens: 2 }, ...changes },
    };
  };

  test("are read as numbers and as base64", () => {
    expect(faultsOf(recording([0.5, -1]))).toEqual([]);
    expect(faultsOf(recording(floats))).toEqual([]);
  });

  test("are counted and measured", () => {
    expect(faultsOf(recording([0.5, -1], { vectors: 2 }))).toEqual(["vectors: expected 2, got 1"]);
    expect(faultsOf(recording(floats, { dims: 3 }))).toEqual(["vector 0: expected 3 dimensions, got 2"]);
    expect(faultsOf(recording(["a"]))).toEqual(["vector 0 is neither a list of numbers nor base64 of floats"]);
    expect(faultsOf(recording(floats, { usage_native: { prompt_tokens: 1 } }))).toEqual([
      "usage.prompt_tokens: expected 1, got 2",
    ]);
  });

  test("must be the recorded numbers", () => {
    const body = recording([0.5, -2]).response.body;
    expect(faultsOf(recording([0.5, -1]), { body })).toContain("the numbers are not the recorded ones");
  });
});
