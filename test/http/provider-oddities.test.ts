/** What providers do besides answering well: refusals, errors inside good-looking streams, and streams that are odd but good. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import {
  type Behaviour,
  chunk,
  DONE,
  event,
  eventStream,
  json,
  startUpstream,
  type Upstream,
} from "../support/upstream.ts";

let upstream: Upstream;
let spare: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream();
  spare = await startUpstream();
  plane = await startTestPlane(`
providers:
  openai: { kind: openai, apiKey: sk-upstream-secret, baseUrl: "${upstream.url}/v1" }
  groq: { kind: groq, apiKey: sk-upstream-secret, baseUrl: "${upstream.url}/openai/v1" }
  perplexity: { kind: perplexity, apiKey: sk-upstream-secret, baseUrl: "${upstream.url}" }
  claude: { kind: anthropic, apiKey: sk-upstream-secret, baseUrl: "${upstream.url}" }
  spare: { kind: openai-compatible, baseUrl: "${spare.url}/v1" }
models:
  openai: { route: openai/gpt-5-mini }
  groq: { route: groq/llama }
  perplexity: { route: perplexity/sonar }
  claude: { route: claude/claude-haiku-4-5 }
  openai-safe: { route: { fallback: [openai/gpt-5-mini, spare/x] } }
  claude-safe: { route: { fallback: [claude/claude-haiku-4-5, spare/x] } }
  claude-again: { route: { target: claude/claude-haiku-4-5, retry: { times: 1, baseDelayMs: 1, maxDelayMs: 500 } } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
  await spare.close();
});
beforeEach(() => {
  upstream.received.length = 0;
  spare.answer(pieces(chunk("spare"), chunk("", "stop"), DONE));
});

/** Each arrives in a read of its own. */
function pieces(...parts: readonly string[]): Behaviour {
  return async (_, response) => {
    eventStream(response);
    for (const part of parts) {
      response.write(part);
      await sleep(4);
    }
    response.end();
  };
}

const limits = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s" };
const tooMany = {
  message: "Rate limit reached for org-42",
  type: "requests",
  param: null,
  code: "rate_limit_exceeded",
};
const noMoney = {
  message: "You exceeded your quota",
  type: "insufficient_quota",
  param: null,
  code: "insufficient_quota",
};
const server = { message: "The server had an error", type: "server_error", param: null, code: null };

describe("OpenAI refuses", () => {
  it.each([
    [429, tooMany, { ...limits, "retry-after": "20" }, 429, "rate_limit_error", "upstream_rate_limited", "20"],
    [429, noMoney, {}, 429, "insufficient_quota", "upstream_quota", null],
    [500, server, {}, 502, "upstream_error", "upstream_error", null],
    [502, undefined, {}, 502, "upstream_error", "upstream_error", null],
    [
      503,
      { ...server, message: "overloaded" },
      { "retry-after": "1" },
      503,
      "upstream_error",
      "upstream_overloaded",
      "1",
    ],
    [504, undefined, {}, 502, "upstream_error", "upstream_error", null],
  ] as [number, unknown, Record<string, string>, number, string, string, string | null][])(
    "with %i %j",
    async (status, error, headers, told, type, code, wait) => {
      upstream.answer((_, response) => {
        if (error) return json(response, { error }, status, headers);
        response.writeHead(status, { "content-type": "text/html" }).end("<html>nginx at 10.0.0.7</html>");
      });
      const response = await plane.chat({ model: "openai" });
      const text = await response.text();
      expect([response.status, response.headers.get("retry-after")]).toEqual([told, wait]);
      expect(JSON.parse(text).error).toMatchObject({ type, code, attempts: [{ target: "openai/gpt-5-mini", status }] });
      expect(text).not.toMatch(/org-42|10\.0\.0\.7/);
      const other = await plane.chat({ model: "openai-safe", stream: true });
      expect([other.headers.get("x-gatehouse-target"), (await other.text()).includes("spare")]).toEqual([
        "spare/x",
        true,
      ]);
    },
  );
});

const anthropicError = (type: string) => ({
  type: "error",
  error: { type, message: "for org-42" },
  request_id: "req_1",
});
const claudeEvent = (data: { type: string } & Record<string, unknown>) => `event: ${data.type}\n${event(data)}`;
const claudeStart = claudeEvent({
  type: "message_start",
  message: { id: "msg_1", model: "claude-haiku-4-5", content: [], usage: { input_tokens: 3, output_tokens: 1 } },
});
const claudeText = (text: string) =>
  claudeEvent({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }) +
  claudeEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

describe("Anthropic refuses", () => {
  it.each([
    [429, "rate_limit_error", 429, "upstream_rate_limited"],
    [529, "overloaded_error", 503, "upstream_overloaded"],
  ])("with %i %s over HTTP, and another target is asked", async (status, type, told, code) => {
    const headers = { "retry-after": "7", "anthropic-ratelimit-requests-remaining": "0" };
    upstream.answer((_, response) => json(response, anthropicError(type), status, headers));
    const alone = await plane.chat({ model: "claude" });
    expect(alone.status).toBe(told);
    expect(Object.fromEntries(alone.headers)).toMatchObject({
      "retry-after": "7",
      "x-ratelimit-remaining-requests": "0",
    });
    const text = await alone.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code, attempts: [{ status }] } });
    expect(text).not.toContain("org-42");
    const other = await plane.chat({ model: "claude-safe", stream: true });
    expect(await other.text()).toContain("spare");
  });

  it.each([
    ["rate_limit_error", "upstream_rate_limited"],
    ["overloaded_error", "upstream_overloaded"],
  ])("with %s inside a stream that has said nothing yet, and is asked again", async (type, code) => {
    upstream.answer(pieces(claudeStart, claudeEvent({ type: "ping" }), claudeEvent(anthropicError(type))));
    const alone = await plane.chat({ model: "claude-again", stream: true });
    expect(await alone.json()).toMatchObject({ error: { code, attempts: [{}, {}] } });
    expect(upstream.received).toHaveLength(2);
    expect(await (await plane.chat({ model: "claude-safe", stream: true })).text()).toContain("spare");
  });

  it.each([
    ["rate_limit_error", "rate_limit_error", "upstream_rate_limited"],
    ["overloaded_error", "upstream_error", "upstream_overloaded"],
    ["api_error", "upstream_error", "upstream_error"],
  ])("with %s in the middle of a stream: the client is told, and no end is made up", async (type, told, code) => {
    upstream.answer(pieces(claudeStart, claudeText("Hel"), claudeEvent(anthropicError(type))));
    const text = await (await plane.chat({ model: "claude-safe", stream: true })).text();
    expect(text).toContain('"content":"Hel"');
    expect(text).not.toMatch(/\[DONE\]|spare|org-42/);
    expect(JSON.parse(text.trim().split("\n\n").at(-1)!.slice("data: ".length)).error).toMatchObject({
      type: told,
      code,
    });
  });
});

describe("an error inside a stream of OpenAI's", () => {
  const errors: Record<string, string> = {
    "an error event with a status, no [DONE] (Groq)": `event: error\n${event({ error: { message: "x", type: "invalid_request_error", code: "tool_use_failed", status_code: 400 } })}`,
    "an error event without the word in its data": `event: error\n${event({ message: "boom", code: 500 })}`,
    "beside choices (OpenRouter)": event({
      choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
      error: { code: 502, message: "x" },
    }),
    "in place of choices, its code a number (llama.cpp)": event({
      error: { code: 500, message: "x", type: "server_error" },
    }),
    "as a bare string": event({ error: "out of memory" }),
    "without `data:`": '{"error":{"message":"x"}}\n\n',
    "as the sum of several lines": '{\n  "error": {\n    "message": "x"\n  }\n}\n',
  };

  it.each(Object.entries(errors))("%s", async (_, error) => {
    upstream.answer(pieces(chunk("a"), error));
    const text = await (await plane.chat({ model: "groq", stream: true })).text();
    expect(text.startsWith(chunk("a"))).toBe(true);
    expect(text).not.toContain("[DONE]");
    expect(JSON.parse(text.trim().split("\n\n").at(-1)!.slice("data: ".length)).error.code).toEqual(expect.any(String));
  });

  it.each(Object.entries(errors))("%s, at the very beginning, is answered with a status", async (_, error) => {
    upstream.answer(pieces(error));
    const response = await plane.chat({ model: "groq", stream: true });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } });
  });

  it("is not seen in a text that speaks of errors", async () => {
    const text = chunk('an "error" event: {"error":{"message":"x"}}');
    upstream.answer(pieces(text, chunk("", "stop"), DONE));
    expect(await (await plane.chat({ model: "groq", stream: true })).text()).toBe(text + chunk("", "stop") + DONE);
  });
});

const usage = (prompt: number, completion: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
const delta = (content: string, more: Record<string, unknown> = {}, finish: string | null = null) =>
  event({ id: "a", model: "m", choices: [{ index: 0, delta: { content }, finish_reason: finish }], ...more });

describe("an odd stream that is good passes as it came, and is counted:", () => {
  const cumulative = (text: string, finish: string | null = null) => ({
    usage: usage(3, text.length),
    choices: [
      {
        index: 0,
        delta: { content: text.at(-1) },
        message: { role: "assistant", content: text },
        finish_reason: finish,
      },
    ],
  });
  const streams: Record<string, { model: string; parts: string[]; end?: string; counts: [number, number] }> = {
    "usage in every chunk, the message so far beside the delta, a closing event, CRLF and no [DONE] (Perplexity)": {
      model: "perplexity",
      parts: [
        event({ object: "chat.completion.chunk", ...cumulative("a") }),
        event({ object: "chat.completion.chunk", ...cumulative("ab") }),
        event({ object: "chat.completion.done", ...cumulative("ab", "stop") }),
      ].map((text) => text.replaceAll("\n", "\r\n")),
      end: DONE,
      counts: [3, 2],
    },
    "usage in x_groq": {
      model: "groq",
      parts: [delta("a"), delta("", { x_groq: { id: "r", usage: usage(4, 5) } }, "stop"), DONE],
      counts: [4, 5],
    },
    "usage in every chunk, null until the last (Databricks)": {
      model: "groq",
      parts: [
        delta("a", { usage: { prompt_tokens: 2, completion_tokens: null } }),
        delta("b", { usage: usage(2, 9) }, "stop"),
        DONE,
      ],
      counts: [2, 9],
    },
    "usage at the start alone": {
      model: "groq",
      parts: [delta("a", { usage: usage(6, 1) }), delta("b"), delta("c"), delta("", {}, "stop"), DONE],
      counts: [6, 1],
    },
    "usage before some keep-alives": {
      model: "groq",
      parts: [delta("a", {}, "stop"), delta("", { choices: [], usage: usage(1, 2) }), ": wait\n\n", ": wait\n\n", DONE],
      counts: [1, 2],
    },
    "empty choices first, in the middle and last": {
      model: "groq",
      parts: [
        delta("", { choices: [] }),
        delta("a"),
        delta("", { choices: [] }),
        delta("", {}, "stop"),
        delta("", { choices: [], usage: usage(1, 1) }),
        DONE,
      ],
      counts: [1, 1],
    },
    "events of unknown types, comments, ids and retries": {
      model: "groq",
      parts: [
        `event: ping\n${event({ type: "ping" })}`,
        ": hi\n\n",
        `id: 7\nretry: 10\n${delta("a")}`,
        `event: later\n${event({ new: 1 })}`,
        delta("", { usage: usage(1, 3) }, "stop"),
        DONE,
      ],
      counts: [1, 3],
    },
    "choices of nobody's making, null and missing": {
      model: "groq",
      parts: [
        event({ choices: null }),
        event({ id: "a" }),
        delta("a"),
        delta("", { usage: usage(2, 2) }, "stop"),
        DONE,
      ],
      counts: [2, 2],
    },
    "no usage, no finish reason, but an end": { model: "groq", parts: [delta("a"), DONE], counts: [0, 0] },
  };

  it.each(Object.entries(streams))("%s", async (_, { model, parts, end = "", counts }) => {
    const counted = () =>
      Promise.all(["input", "output"].map((type) => plane.metric("gatehouse_tokens_total", { model, type })));
    const before = await counted();
    upstream.answer(pieces(...parts));
    // The client asks for usage itself, so that nothing has to be kept from it.
    const fields = { model, stream: true, stream_options: { include_usage: true } };
    expect(await (await plane.chat(fields)).text()).toBe(parts.join("") + end);
    await expect.poll(() => plane.metric("gatehouse_inflight_requests")).toBe(0);
    expect((await counted()).map((count, at) => count - before[at]!)).toEqual(counts);
    expect(await plane.metric("gatehouse_stream_aborted_total", { reason: "failed" })).toBe(0);
  });
});
