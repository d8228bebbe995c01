import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { seal } from "../../src/protocol/responses.ts";
import { readEvents } from "../conformance/event.ts";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { type Behaviour, completion, eventStream, json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let second: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream();
  second = await startUpstream();
  plane = await startTestPlane(`
providers:
  openai: { kind: openai, baseUrl: "${upstream.url}/v1", apiKey: sk-test }
  chats: { kind: openai-compatible, baseUrl: "${second.url}/v1" }
models:
  m: { route: openai/gpt }
  chats: { route: chats/local }
  either: { route: { fallback: [openai/gpt, chats/local] } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
  await second.close();
});
beforeEach(() => {
  upstream.received.length = 0;
  second.received.length = 0;
});

let count = 0;

function response(fields: JsonObject = {}): JsonObject {
  const id = `resp_native${++count}`;
  const content = [{ type: "output_text", text: "Hello.", annotations: [] }];
  return {
    id,
    object: "response",
    created_at: 1,
    status: "completed",
    model: "gpt-1",
    output: [
      { type: "reasoning", id: `rs_${count}`, summary: [] },
      { type: "message", id: `msg_${count}`, role: "assistant", status: "completed", content },
    ],
    usage: {
      input_tokens: 5,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 12,
    },
    ...fields,
  };
}

const ask = (fields: JsonObject = {}, raw?: string) =>
  fetch(`${plane.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: raw ?? JSON.stringify({ model: "m", input: "hi", ...fields }),
  });

const lastBody = ({ received }: Upstream) => JSON.parse(received.at(-1)!.body);

function events(...list: JsonObject[]): string {
  return list
    .map((one, at) => `event: ${one.type}\ndata: ${JSON.stringify({ ...one, sequence_number: at })}\n\n`)
    .join("");
}

const streaming = (text: string, cut?: number): Behaviour => {
  const bytes = Buffer.from(text);
  return async (_, reply) => {
    eventStream(reply);
    for (let at = 0; at < bytes.length; at += cut ?? bytes.length) {
      reply.write(bytes.subarray(at, at + (cut ?? bytes.length)));
      if (cut !== undefined) await new Promise(setImmediate);
    }
    reply.end();
  };
};

const begun = [
  { type: "response.created", response: { id: "resp_s", object: "response", status: "in_progress", error: null } },
  { type: "response.in_progress", response: { id: "resp_s", object: "response", status: "in_progress", error: null } },
];
const spoken = [
  ...begun,
  { type: "response.output_item.added" },
  { type: "response.output_text.delta", delta: '"error" 💚' },
];

describe("a whole answer", () => {
  it("passes byte for byte, as the request does but for its model", async () => {
    const answer = `${JSON.stringify(response(), null, 2)}\n`;
    upstream.answer((_, reply) => {
      reply.writeHead(200, { "content-type": "application/json" }).end(answer);
    });
    const raw = '{"input" : "hi", "model":"m","big":12345678901234567890, "odd": 1e2}';
    const reply = await ask({}, raw);
    expect(await reply.text()).toBe(answer);
    expect(upstream.received.at(-1)).toMatchObject({ path: "/v1/responses", body: raw.replace('"m"', '"gpt"') });
    expect(upstream.received.at(-1)!.headers.authorization).toBe("Bearer sk-test");
    expect(await plane.metric("gatehouse_tokens_total", { kind: "reasoning" }).catch(() => 3)).toBeGreaterThanOrEqual(
      0,
    );
  });

  it("that failed is an error by its own code, although it comes under 200", async () => {
    const failed = (code: string) => response({ status: "failed", error: { code, message: "why" } });
    upstream.answer((_, reply) => json(reply, failed("server_error")));
    expect((await ask()).status).toBe(502);
    upstream.answer((_, reply) => json(reply, failed("rate_limit_exceeded")));
    expect((await ask()).status).toBe(429);
    upstream.answer((_, reply) => json(reply, failed("invalid_prompt")));
    expect((await ask()).status).toBe(400);
  });
});

describe("a stream", () => {
  test.each([1, 7, 64, 100_000])("passes byte for byte, cut every %i bytes", async (cut) => {
    const text = events(...spoken, { type: "response.completed", response: response() });
    upstream.answer(streaming(text, cut));
    expect(await (await ask({ stream: true })).text()).toBe(text);
  });

  it("that fails before it says anything is asked elsewhere", async () => {
    const error = { type: "insufficient_quota", code: "insufficient_quota", message: "pay", param: null };
    upstream.answer(streaming(events(...begun, { type: "error", error })));
    const refused = await ask({ stream: true });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { type: "insufficient_quota", code: "upstream_quota" } });
    second.answer((_, reply) => {
      eventStream(reply);
      const chunk = { choices: [{ index: 0, delta: { content: "from chat" }, finish_reason: "stop" }] };
      reply.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    });
    expect(await (await ask({ stream: true, model: "either" })).text()).toContain("from chat");
  });

  it("that fails later ends with an error and the response that failed", async () => {
    const failed = response({ status: "failed", error: { code: "server_error", message: "oh" } });
    upstream.answer(streaming(events(...spoken, { type: "response.failed", response: failed })));
    const told = readEvents(await (await ask({ stream: true })).text()).map(({ event, data }) => ({
      event,
      ...JSON.parse(data),
    }));
    expect(told.slice(-2)).toMatchObject([
      {
        event: "error",
        type: "error",
        code: "upstream_error",
        param: null,
        sequence_number: 4,
        error: { code: "upstream_error" },
      },
      {
        event: "response.failed",
        sequence_number: 5,
        response: { id: failed.id, status: "failed", error: { code: "server_error" } },
      },
    ]);
  });

  it("that ends too early says so", async () => {
    upstream.answer(streaming(events(...spoken)));
    const told = readEvents(await (await ask({ stream: true })).text());
    expect(told.at(-2)!.event).toBe("error");
    expect(JSON.parse(told.at(-2)!.data)).toMatchObject({ code: "upstream_closed", sequence_number: 4 });
    expect(JSON.parse(told.at(-1)!.data)).toMatchObject({ response: { id: "resp_s", status: "failed" } });
  });

  it("may lack its last blank line", async () => {
    const text = events(...spoken, { type: "response.incomplete", response: response({ status: "incomplete" }) });
    upstream.answer(streaming(text.trimEnd()));
    expect(await (await ask({ stream: true })).text()).toBe(text);
  });
});

describe("going on", () => {
  const whole = (body: JsonObject) => upstream.answer((_, reply) => json(reply, body));
  const chats = () => second.answer((_, reply) => json(reply, completion("From chat.")));

  it("where the answer came from, that provider is told its id alone", async () => {
    const first = response();
    whole(first);
    await ask();
    await ask({ input: "and?", previous_response_id: first.id });
    expect(lastBody(upstream)).toEqual({ model: "gpt", input: "and?", previous_response_id: first.id });
  });

  it("where that provider has forgotten its answer, it is told what was said", async () => {
    const first = response();
    whole(first);
    await ask();
    const error = {
      type: "invalid_request_error",
      code: "previous_response_not_found",
      param: "previous_response_id",
      message: "gone",
    };
    upstream.answer(({ body }, reply) =>
      body.includes("previous_response_id") ? json(reply, { error }, 400) : json(reply, response()),
    );
    expect((await ask({ input: "and?", previous_response_id: first.id })).status).toBe(200);
    expect(lastBody(upstream)).toMatchObject({
      input: [{ role: "user" }, { type: "message", role: "assistant" }, { role: "user", content: "and?" }],
    });
    expect(JSON.stringify(lastBody(upstream))).not.toContain('"id"');
  });

  it("elsewhere, the other one is told what was said", async () => {
    const first = response();
    whole(first);
    await ask();
    chats();
    const answer = (await (
      await ask({ model: "chats", input: "and?", previous_response_id: first.id })
    ).json()) as JsonObject;
    expect(lastBody(second).messages).toEqual([
      { role: "user", content: "hi" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "and?" },
    ]);
    expect(answer.previous_response_id).toBe(first.id);
    await ask({ input: "back", previous_response_id: answer.id });
    const { previous_response_id, input } = lastBody(upstream);
    expect(previous_response_id).toBeUndefined();
    expect(input.map(({ type, role, id }: JsonObject) => [type, role, id])).toEqual([
      ["message", "user", undefined],
      ["reasoning", undefined, isObject(first) ? (first.output as JsonObject[])[0]!.id : ""],
      ["message", "assistant", (first.output as JsonObject[])[1]!.id],
      ["message", "user", undefined],
      ["message", "assistant", undefined],
      ["message", "user", undefined],
    ]);
  });

  it("never lets an id through that this tenant did not get here", async () => {
    const refused = await ask({ previous_response_id: "resp_of_somebody" });
    expect(refused.status).toBe(400);
    const reference = await ask({ input: [{ type: "item_reference", id: "msg_of_somebody" }] });
    expect(reference.status).toBe(404);
    expect((await ask({ conversation: "conv_1" })).status).toBe(400);
    expect((await ask({ background: true })).status).toBe(400);
    expect(upstream.received).toEqual([]);
  });

  it("by reference, the provider that knows the item is told its id, another one the item", async () => {
    const first = response();
    whole(first);
    await ask();
    const [, said] = first.output as JsonObject[];
    const input = [
      { type: "item_reference", id: said!.id },
      { role: "user", content: "and?" },
    ];
    await ask({ input });
    expect(lastBody(upstream).input).toEqual(input);
    chats();
    await ask({ model: "chats", input });
    expect(lastBody(second).messages).toMatchObject([{ role: "assistant", content: "Hello." }, { content: "and?" }]);
  });

  it("takes out what the gateway sealed for others, and names it", async () => {
    whole(response());
    const input = [
      { type: "reasoning", id: "rs_gate1", summary: [], encrypted_content: seal({ thinking_blocks: [] }) },
      { type: "message", id: "msg_gate1", role: "assistant", content: "so" },
      { role: "user", content: "and?" },
    ];
    const reply = await ask({ input });
    expect(lastBody(upstream).input).toEqual([{ type: "message", role: "assistant", content: "so" }, input[2]]);
    expect(reply.headers.get("x-gatehouse-dropped")).toBe("input.encrypted_content");
  });
});

test.each<[string, JsonObject]>([
  ["input", { input: 3 }],
  ["input", { input: null }],
  ["input[1]", { input: [{ role: "user", content: "x" }, "y"] }],
  ["input[0].type", { input: [{ type: 3 }] }],
  ["previous_response_id", { previous_response_id: 3 }],
  ["store", { store: "yes" }],
  ["stream", { stream: "yes" }],
  ["model", { model: 3 }],
])("a request with a wrong %s is refused here", async (param, fields) => {
  const refused = await ask(fields);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
});
