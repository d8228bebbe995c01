import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let a: Upstream;
let b: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  a = await startUpstream();
  b = await startUpstream();
  plane = await startTestPlane(`
providers:
  a: { kind: openai-compatible, baseUrl: "${a.url}/v1", apiKey: "sk-key-of-provider-a" }
  b: { kind: openai-compatible, baseUrl: "${b.url}/v1" }
  demo: { kind: demo }
models:
  one: { route: a/x }
  same: { route: a/same }
  both: { route: { fallback: [a/x, b/y] } }
  demo: { route: demo/demo }
`);
});
afterAll(async () => {
  await plane.stop();
  await a.close();
  await b.close();
});
beforeEach(() => {
  a.received.length = 0;
  b.received.length = 0;
  a.answer((_, response) => json(response, { error: { message: "broken" } }, 500));
  b.answer((_, response) => json(response, { text: "from b" }));
});

function send(
  path: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(plane.url + path, { method: "POST", headers: { authorization: `Bearer ${KEY}`, ...headers }, body });
}

const sendJson = (path: string, body: unknown) =>
  send(path, JSON.stringify(body), { "content-type": "application/json" });

const BOUNDARY = "----gatehouse-test";

/** A form as bytes, so that what arrives can be compared with it. */
function form(...parts: readonly [head: string, content: string | Buffer][]): Buffer {
  const all = parts.flatMap(([head, content]) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...all, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

const sendForm = (path: string, bytes: Buffer) =>
  send(path, bytes as Buffer<ArrayBuffer>, { "content-type": `multipart/form-data; boundary=${BOUNDARY}` });

/** Every byte there is, and what looks like the end of a part but is not. */
const SOUND = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, code) => code)),
  Buffer.from(`\r\n--\r\n--${BOUNDARY.slice(0, -1)}\r\n\r\n`),
]);
const FILE = 'name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg';

describe("a form that passes through", () => {
  beforeEach(() => a.answer((_, response) => json(response, { text: "hello" })));

  it("changes in the model's name and in nothing else", async () => {
    const parts = (model: string) =>
      form(
        [FILE, SOUND],
        ['name="model"', model],
        ['name="timestamp_granularities[]"', "word"],
        ["name=language", "en"],
      );
    const response = await sendForm("/v1/audio/transcriptions", parts("one"));
    expect([response.status, await response.json()]).toEqual([200, { text: "hello" }]);
    expect(a.received[0]!.path).toBe("/v1/audio/transcriptions");
    expect(a.received[0]!.bytes.equals(parts("x"))).toBe(true);
    expect(a.received[0]!.headers).toMatchObject({
      authorization: "Bearer sk-key-of-provider-a",
      "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
      "content-length": String(parts("x").length),
    });
  });

  it("changes in nothing when the model is called the same there", async () => {
    const bytes = form(['name="model"', "same"], [FILE, SOUND]);
    await sendForm("/v1/audio/translations", bytes);
    expect(a.received[0]!.bytes.equals(bytes)).toBe(true);
  });

  it("goes whole to the next target when the first one fails", async () => {
    a.answer((_, response) => json(response, { error: { message: "broken" } }, 500));
    const parts = (model: string) => form(['name="model"', model], [FILE, SOUND]);
    const response = await sendForm("/v1/audio/transcriptions", parts("both"));
    expect(await response.json()).toEqual({ text: "from b" });
    expect(response.headers.get("x-gatehouse-target")).toBe("b/y");
    expect(a.received[0]!.bytes.equals(parts("x"))).toBe(true);
    expect(b.received[0]!.bytes.equals(parts("y"))).toBe(true);
  });

  it("brings back the content type of its answer", async () => {
    const subtitles = "1\n00:00:00,000 --> 00:00:01,000\nhello\n";
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
      response.end(subtitles);
    });
    const bytes = form(['name="model"', "one"], ['name="response_format"', "srt"], [FILE, SOUND]);
    const response = await sendForm("/v1/audio/transcriptions", bytes);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toBe(subtitles);
  });

  it.each<[string, Buffer, number, string]>([
    ["without a model", form([FILE, SOUND]), 400, "model"],
    ["with an unknown model", form(['name="model"', "unknown"], [FILE, SOUND]), 404, "model"],
    ["without its file", form(['name="model"', "one"]), 400, "file"],
    ["with two models", form(['name="model"', "one"], ['name="model"', "demo"], [FILE, SOUND]), 400, "'model' twice"],
    ["with a name in two readings", form(["name=\"a\"; name*=utf-8''model", "x"], [FILE, SOUND]), 400, "disposition"],
    ["with two names", form(['name="a"; name="model"', "x"], [FILE, SOUND]), 400, "no plain name"],
    ["cut short", form(['name="model"', "one"], [FILE, SOUND]).subarray(0, -30), 400, "ends too early"],
    ["of another boundary", Buffer.from("--other\r\n\r\n"), 400, "does not begin"],
    ["of nothing", Buffer.alloc(0), 400, "does not begin"],
  ])("is refused %s", async (_, bytes, status, told) => {
    const response = await sendForm("/v1/audio/transcriptions", bytes);
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message]).toEqual([status, expect.stringContaining(told)]);
    expect(a.received).toHaveLength(0);
  });

  it("is refused where it is none", async () => {
    const response = await sendJson("/v1/audio/transcriptions", { model: "one" });
    expect(response.status).toBe(415);
  });
});

describe("pictures", () => {
  it("tell their tokens", async () => {
    const answer = { created: 1, data: [{ b64_json: "AAAA" }], usage: { input_tokens: 3, output_tokens: 40 } };
    a.answer((_, response) => json(response, answer));
    const before = await plane.metric("gatehouse_tokens_total", { type: "output" });
    const response = await sendJson("/v1/images/generations", { model: "one", prompt: "a cat", unknown: 1e2 });
    expect(await response.json()).toEqual(answer);
    expect(JSON.parse(a.received[0]!.body)).toEqual({ model: "x", prompt: "a cat", unknown: 100 });
    expect((await plane.metric("gatehouse_tokens_total", { type: "output" })) - before).toBe(40);
  });

  it("can be edited by form and by JSON", async () => {
    a.answer((_, response) => json(response, { created: 1, data: [] }));
    const parts = (model: string) => form(['name="image[]"; filename="a.png"', SOUND], ['name="model"', model]);
    expect((await sendForm("/v1/images/edits", parts("one"))).status).toBe(200);
    expect((await sendJson("/v1/images/edits", { model: "one", images: [] })).status).toBe(200);
    expect(a.received[0]!.bytes.equals(parts("x"))).toBe(true);
    expect(JSON.parse(a.received[1]!.body)).toEqual({ model: "x", images: [] });
  });

  it("come as events of any length, with their usage at the end", async () => {
    const picture = "A".repeat(3_000_000);
    const events =
      `event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"${picture}"}\n\n` +
      `event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"${picture}","usage":{"input_tokens":3,"output_tokens":50}}\n\n`;
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(events);
    });
    const before = await plane.metric("gatehouse_tokens_total", { type: "output" });
    const response = await sendJson("/v1/images/generations", { model: "one", prompt: "a cat", stream: true });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect((await response.text()) === events).toBe(true);
    expect((await plane.metric("gatehouse_tokens_total", { type: "output" })) - before).toBe(50);
  });

  it("that stop coming end in an error event", async () => {
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('data: {"type":"image_generation.partial_image","b64_json":"AAAA"}\n\n');
    });
    const response = await sendJson("/v1/images/generations", { model: "one", prompt: "a cat", stream: true });
    expect(await response.text()).toContain('"code":"upstream_closed"');
  });

  it("that begin with an error are asked for elsewhere", async () => {
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        'event: error\ndata: {"type":"error","error":{"message":"slow down","code":"rate_limit_exceeded"}}\n\n',
      );
    });
    const good = 'data: {"type":"image_generation.completed","b64_json":"AAAA"}\n\n';
    b.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(good);
    });
    const response = await sendJson("/v1/images/generations", { model: "both", prompt: "a cat", stream: true });
    expect(await response.text()).toBe(good);
  });

  it("are refused by a provider that has none", async () => {
    const response = await sendJson("/v1/images/generations", { model: "demo", prompt: "a cat" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported" } });
  });
});

describe("speech", () => {
  const ask = { model: "one", input: "hello", voice: "alloy" };

  it("passes while it is made, as the bytes it is", async () => {
    const { promise: more, resolve: goOn } = Promise.withResolvers<void>();
    a.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      response.write(SOUND);
      await more;
      response.end(SOUND);
    });
    const response = await sendJson("/v1/audio/speech", ask);
    expect(response.headers.get("content-type")).toBe("audio/mpeg");
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).equals(SOUND)).toBe(true);
    goOn();
    expect(Buffer.from((await reader.read()).value!).equals(SOUND)).toBe(true);
    expect((await reader.read()).done).toBe(true);
  });

  it("that breaks off is no shorter speech but a broken connection", async () => {
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      response.write(SOUND, () => setTimeout(() => response.destroy(), 20));
    });
    const response = await sendJson("/v1/audio/speech", ask);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it("comes as events where it is asked for so", async () => {
    const events =
      'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\ndata: {"type":"speech.audio.done","usage":{"input_tokens":2,"output_tokens":9}}\n\n';
    a.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(events);
    });
    const before = await plane.metric("gatehouse_tokens_total", { type: "output" });
    expect(await (await sendJson("/v1/audio/speech", { ...ask, stream_format: "sse" })).text()).toBe(events);
    expect((await plane.metric("gatehouse_tokens_total", { type: "output" })) - before).toBe(9);
  });

  it("is refused with the provider's words", async () => {
    a.answer((_, response) => json(response, { error: { message: "no such voice", param: "voice" } }, 400));
    const response = await sendJson("/v1/audio/speech", ask);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: "no such voice", param: "voice" } },
    ]);
  });
});
