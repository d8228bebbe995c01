import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/core/objects.ts";
import { HELD_KEY, KEY, OTHER_KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { type ObjectServer, objectServer } from "../support/object-server.ts";
import { objectsInMemory } from "../support/objects.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let a: Upstream;
let b: Upstream;
let serverA: ObjectServer;
let plane: TestPlane;
const store = objectsInMemory();
let away = false;

/** A database that can be away. */
const objects: ObjectStore = {
  find: (...given) => (away ? Promise.reject(new Error("away")) : store.find(...given)),
  add: (...given) => store.add(...given),
  remove: (...given) => store.remove(...given),
};

beforeAll(async () => {
  a = await startUpstream();
  b = await startUpstream(objectServer("b").answer);
  plane = await startTestPlane(
    `
providers:
  a: { kind: openai-compatible, baseUrl: "${a.url}/v1" }
  b: { kind: openai-compatible, baseUrl: "${b.url}/v1" }
  demo: { kind: demo }
models: { m: { route: demo/demo } }
limits: { maxUploadBytes: 3000000, maxBodyBytes: 100000 }
`,
    { objects },
  );
});
afterAll(async () => {
  await plane.stop();
  await a.close();
  await b.close();
});
beforeEach(() => {
  serverA = objectServer("a");
  a.answer(serverA.answer);
  a.received.length = 0;
  b.received.length = 0;
  away = false;
});

interface Asked {
  readonly key?: string;
  readonly provider?: string | undefined;
  readonly method?: string;
  readonly body?: string | FormData;
}

async function ask(path: string, { key = KEY, provider = "a", method, body }: Asked = {}) {
  const response = await fetch(`${plane.url}/v1${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      authorization: `Bearer ${key}`,
      ...(provider === "" ? {} : { "x-gatehouse-provider": provider }),
      ...(typeof body === "string" ? { "content-type": "application/json" } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
  return { status: response.status, json: (await response.json()) as any, headers: response.headers };
}

function file(content = "line\n"): FormData {
  const form = new FormData();
  form.set("purpose", "batch");
  form.set("file", new Blob([content]), "input.jsonl");
  return form;
}

const upload = async (about: Omit<Asked, "body"> = {}) =>
  (await ask("/files", { ...about, body: file() })).json.id as string;

const batchOf = (input_file_id: string) => JSON.stringify({ input_file_id, endpoint: "/v1/chat/completions" });

describe("two tenants", () => {
  it.each<[string, (id: string) => [string, Asked]]>([
    ["look at", (id) => [`/files/${id}`, {}]],
    ["read", (id) => [`/files/${id}/content`, {}]],
    ["delete", (id) => [`/files/${id}`, { method: "DELETE" }]],
    ["run", (id) => ["/batches", { body: batchOf(id) }]],
    ["train on", (id) => ["/fine_tuning/jobs", { body: JSON.stringify({ model: "x", training_file: id }) }]],
    ["validate with", (id) => ["/fine_tuning/jobs", { body: JSON.stringify({ model: "x", validation_file: id }) }]],
    ["list on from", (id) => [`/files?after=${id}`, {}]],
  ])("do not %s each other's files, nor learn that there are any", async (_, about) => {
    const id = await upload();
    a.received.length = 0;
    const strangers = async (id: string) => {
      const [path, asked] = about(id);
      const { status, json } = await ask(path, { ...asked, key: OTHER_KEY });
      return [status, JSON.stringify(json).replaceAll(id, "ID")];
    };
    const theirs = await strangers(id);
    expect(theirs).toEqual(await strangers("file-that-never-was"));
    expect(theirs).toEqual([404, expect.stringContaining("No such File object: ID")]);
    expect(a.received).toHaveLength(0);
    expect((await ask(`/files/${id}`)).status).toBe(200);
  });

  it("do not see, cancel or follow each other's batches and jobs, nor read their results", async () => {
    const id = await upload();
    const batch = (await ask("/batches", { body: batchOf(id) })).json.id;
    const job = (await ask("/fine_tuning/jobs", { body: JSON.stringify({ model: "x", training_file: id }) })).json.id;
    serverA.finish();
    const output = (await ask(`/batches/${batch}`)).json.output_file_id;
    const [results] = (await ask(`/fine_tuning/jobs/${job}`)).json.result_files;
    a.received.length = 0;
    const paths = [`/batches/${batch}`, `/fine_tuning/jobs/${job}`, `/fine_tuning/jobs/${job}/events`];
    paths.push(`/fine_tuning/jobs/${job}/checkpoints`, `/files/${output}/content`, `/files/${results}`);
    const actions = [
      `/batches/${batch}/cancel`,
      ...["cancel", "pause", "resume"].map((one) => `/fine_tuning/jobs/${job}/${one}`),
    ];
    for (const path of paths) expect([path, (await ask(path, { key: OTHER_KEY })).status]).toEqual([path, 404]);
    for (const path of actions) {
      const { status } = await ask(path, { key: OTHER_KEY, method: "POST" });
      expect([path, status]).toEqual([path, 404]);
    }
    expect(a.received).toHaveLength(0);
    for (const path of paths.filter((one) => !one.endsWith("content"))) expect((await ask(path)).status).toBe(200);
  });

  it("see in lists what is theirs, in pages as long as they asked for, however much lies between", async () => {
    const mine: string[] = [];
    for (let n = 0; n < 130; n++) {
      const id = await upload({ key: OTHER_KEY });
      await ask("/batches", { body: batchOf(id), key: OTHER_KEY });
      if (n % 40 !== 0) continue;
      const own = await upload();
      mine.unshift((await ask("/batches", { body: batchOf(own) })).json.id);
    }
    const first = (await ask("/batches?limit=3")).json;
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(mine.slice(0, 3));
    expect(first).toMatchObject({ object: "list", first_id: mine[0], last_id: mine[2], has_more: true });
    const second = (await ask(`/batches?limit=3&after=${mine[2]}`)).json;
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual(mine.slice(3));
    expect(second.has_more).toBe(false);
    expect((await ask("/files?purpose=batch")).json.data).toHaveLength(mine.length);
    expect((await ask("/batches", { key: OTHER_KEY })).json.data).toHaveLength(20);
  });

  it("keep what is theirs when a provider gives an id twice", async () => {
    const id = await upload();
    a.answer((_, response) => json(response, { id, object: "file" }));
    await upload({ key: OTHER_KEY });
    expect((await ask(`/files/${id}`, { key: OTHER_KEY })).status).toBe(404);
    expect((await ask(`/files/${id}`)).status).toBe(200);
  });

  it.each(["%00", "a%20b", "%E2%82%AC", "x".repeat(300), "..%2Fbatches"])(
    "cannot be led astray by an id like %s",
    async (id) => {
      const { status } = await ask(`/files/${id}`);
      expect([400, 404]).toContain(status);
      expect(a.received).toHaveLength(0);
    },
  );
});

describe("which provider", () => {
  it("is said by the header, or the choices are named", async () => {
    expect(await ask("/files", { provider: "", body: file() })).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringMatching(/x-gatehouse-provider.*a, b/) } },
    });
    expect(await ask("/files", { provider: "demo" })).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringMatching(/'demo' does not serve files.*a, b/) } },
    });
  });

  it("is the one that keeps what the request names", async () => {
    const id = await upload({ provider: "b" });
    expect((await ask(`/files/${id}`, { provider: "" })).headers.get("x-gatehouse-target")).toBe("b/files");
    const batch = await ask("/batches", { provider: "", body: batchOf(id) });
    expect(batch.headers.get("x-gatehouse-target")).toBe("b/batches");
    expect((await ask(`/files/${id}`, { provider: "a" })).status).toBe(404);
  });

  it("cannot be two", async () => {
    const [one, two] = [await upload({ provider: "a" }), await upload({ provider: "b" })];
    const body = JSON.stringify({ model: "x", training_file: one, validation_file: two });
    expect(await ask("/fine_tuning/jobs", { provider: "", body })).toMatchObject({
      status: 400,
      json: { error: { param: "validation_file" } },
    });
  });
});

describe("a file on its way up", () => {
  /** Sends a form on a bare socket, bit by bit. */
  function slowUpload(length: number) {
    const socket = connect(plane.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => {});
    const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(answer)));
    socket.write(
      `POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\nx-gatehouse-provider: a\r\nconnection: close\r\n` +
        `content-type: multipart/form-data; boundary=BB\r\n${length < 0 ? "transfer-encoding: chunked" : `content-length: ${length}`}\r\n\r\n`,
    );
    return { socket, closed };
  }

  it("reaches the provider while it is still arriving", async () => {
    const firstBytes = Promise.withResolvers<void>();
    const server = await startUpstreamRaw((chunk) => chunk.length > 0 && firstBytes.resolve());
    const body = `--BB\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n${"x".repeat(1000)}\r\n--BB--\r\n`;
    const own = await startTestPlane(`providers: { a: { kind: openai-compatible, baseUrl: "${server.url}/v1" } }`);
    const response = fetch(`${own.url}/v1/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "multipart/form-data; boundary=BB" },
      body: new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from(body.slice(0, 500)));
          await firstBytes.promise; // or this test hangs
          controller.enqueue(Buffer.from(body.slice(500)));
          controller.close();
        },
      }),
      duplex: "half",
    } as RequestInit);
    expect((await response).status).toBe(200);
    expect(server.body()).toBe(body);
    await own.stop();
    await server.close();
  });

  it("may be larger than other bodies, up to its own limit", async () => {
    const big = file("x".repeat(2_000_000));
    expect((await ask("/files", { body: big })).json.bytes).toBe(2_000_000);
    const tooBig = file("x".repeat(3_500_000));
    expect(await ask("/files", { body: tooBig })).toMatchObject({
      status: 413,
      json: { error: { code: "request_too_large" } },
    });
  });

  it("is cut off at the limit when it did not say its length", async () => {
    const { socket, closed } = slowUpload(-1);
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (let n = 0; n < 60 && !socket.destroyed; n++) {
      socket.write(chunk);
      await sleep(1);
    }
    expect(await closed).toMatch(/^HTTP\/1\.1 413/);
  });

  it("that its client breaks off breaks off at the provider", async () => {
    const seen = Promise.withResolvers<void>();
    const server = await startUpstreamRaw((chunk) => chunk.length > 0 && seen.resolve());
    const own = await startTestPlane(`providers: { a: { kind: openai-compatible, baseUrl: "${server.url}/v1" } }`);
    const socket = connect(own.port, "127.0.0.1");
    socket.write(
      `POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: multipart/form-data; boundary=BB\r\ncontent-length: 100000\r\n\r\n--BB`,
    );
    await seen.promise;
    socket.destroy();
    await server.closedEarly;
    await own.stop();
    await server.close();
  });

  it("that the provider refuses at once gets its answer", async () => {
    a.answer((_, response) => json(response, { error: { message: "no such purpose", param: "purpose" } }, 400));
    expect(await ask("/files", { body: file("x".repeat(1_000_000)) })).toMatchObject({
      status: 400,
      json: { error: { param: "purpose" } },
    });
  });

  it("must be a form", async () => {
    expect((await ask("/files", { body: "{}" })).status).toBe(415);
  });
});

describe("the endpoints about objects", () => {
  it("are closed to a key that is held to some models", async () => {
    expect(await ask("/files", { key: HELD_KEY })).toMatchObject({
      status: 403,
      json: { error: { code: "model_not_allowed" } },
    });
    expect((await ask("/batches", { key: HELD_KEY, body: batchOf("x") })).status).toBe(403);
  });

  it("ask for a key before all else", async () => {
    expect((await ask("/files/x", { key: "wrong" })).status).toBe(401);
  });

  it("are closed while nobody can tell whose an object is", async () => {
    const id = await upload();
    away = true;
    a.received.length = 0;
    for (const answer of [await ask(`/files/${id}`), await ask("/files", { body: file() }), await ask("/files")]) {
      expect(answer).toMatchObject({ status: 503, json: { error: { code: "storage_unavailable" } } });
    }
    expect(a.received).toHaveLength(0);
  });

  it("pass the provider's errors and their words", async () => {
    const id = await upload();
    serverA.files.delete(id);
    expect(await ask(`/files/${id}`)).toMatchObject({
      status: 404,
      json: { error: { message: `No such object: ${id}` } },
    });
    expect((await ask(`/files/${id}`, { method: "DELETE" })).status).toBe(404);
  });

  it("tell a wrong method from a wrong path", async () => {
    expect((await ask("/files/x", { method: "PUT" })).status).toBe(405);
    expect((await ask("/files/x/y", {})).status).toBe(404);
  });

  it("are in the metrics under their own names", async () => {
    const before = await plane.metric("gatehouse_requests_total", { route: "files", model: "files", status: "200" });
    await upload();
    expect(await plane.metric("gatehouse_requests_total", { route: "files", model: "files", status: "200" })).toBe(
      before + 1,
    );
  });

  it("send no body where OpenAI's take none, and leave the query alone", async () => {
    const id = await upload();
    const job = (await ask("/fine_tuning/jobs", { body: JSON.stringify({ model: "x", training_file: id }) })).json.id;
    await ask(`/fine_tuning/jobs/${job}/events?limit=5&after=ftevent-0`);
    await ask(`/fine_tuning/jobs/${job}/cancel`, { method: "POST" });
    const [events, cancel] = a.received.slice(-2);
    expect([events?.method, events?.path]).toEqual([
      "GET",
      `/v1/fine_tuning/jobs/${job}/events?limit=5&after=ftevent-0`,
    ]);
    expect([cancel?.method, cancel?.path, cancel?.body]).toEqual(["POST", `/v1/fine_tuning/jobs/${job}/cancel`, ""]);
  });
});

/** A provider that hears of every chunk as it comes, and keeps a file in the end. */
async function startUpstreamRaw(heard: (chunk: Buffer) => unknown) {
  const { createServer } = await import("node:http");
  const chunks: Buffer[] = [];
  const closedEarly = Promise.withResolvers<void>();
  const server = createServer((incoming, response) => {
    incoming.on("data", (chunk) => {
      chunks.push(chunk);
      heard(chunk);
    });
    incoming.on("error", () => closedEarly.resolve());
    incoming.on("end", () => json(response, { id: "file-1", object: "file" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    body: () => Buffer.concat(chunks).toString(),
    closedEarly: closedEarly.promise,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
