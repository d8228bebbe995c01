import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { discover } from "../../src/config/discover.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { cosine, golden } from "../embedder/model.ts";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { startGateway } from "../support/process.ts";
import { startUpstream } from "../support/upstream.ts";
import { sharedPath } from "./anthropic-shared.ts";

const CONFIG = `
providers: { builtin: { kind: builtin } }
models: { all-minilm-l6-v2: { route: builtin/all-minilm-l6-v2 }, other: { route: builtin/other } }
`;
let plane: TestPlane;
let client: OpenAI;

beforeAll(async () => {
  plane = await startTestPlane(CONFIG);
  client = new OpenAI({ baseURL: `${plane.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => plane.stop());

interface Answer {
  readonly object: string;
  readonly model: string;
  readonly data: readonly {
    readonly object: string;
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
  readonly error: { readonly message: string; readonly param: string; readonly code: string; readonly type: string };
}

async function embed(input: unknown, fields: Record<string, unknown> = {}) {
  const response = await plane.chat(
    { model: "all-minilm-l6-v2", messages: undefined, input, ...fields },
    { path: "/v1/embeddings" },
  );
  const text = await response.text();
  const json = JSON.parse(text) as Answer;
  return { status: response.status, dropped: response.headers.get("x-gatehouse-dropped"), text, json };
}

const texts = golden.slice(0, 5).map(({ text }) => text);
const floatsOf = (base64: unknown) => new Float32Array(Uint8Array.from(Buffer.from(String(base64), "base64")).buffer);

describe("embeddings of the model inside", () => {
  it("have OpenAI's shape, one for each text, and count the model's tokens", async () => {
    const { status, json, dropped } = await embed(texts);
    expect([status, dropped, json.object, json.model]).toEqual([200, null, "list", "all-minilm-l6-v2"]);
    expect(json.data.map(({ object, index }) => [object, index])).toEqual(texts.map((_, at) => ["embedding", at]));
    for (const [at, { embedding }] of json.data.entries()) {
      expect(embedding).toHaveLength(384);
      expect(cosine(embedding as number[], golden[at]!.vector)).toBeGreaterThan(0.995);
    }
    const tokens = golden.slice(0, 5).reduce((sum, one) => sum + one.tokens, 0);
    expect(json.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
  });

  it("are the same bytes alone, in a list, and at any other time", async () => {
    const { json } = await embed(texts);
    const alone = await Promise.all(texts.map((text) => embed(text)));
    expect(alone.map((one) => one.json.data[0]!.embedding)).toEqual(json.data.map(({ embedding }) => embedding));
    const again = await Promise.all(Array.from({ length: 8 }, () => embed(texts)));
    expect(new Set(again.map(({ text }) => text)).size).toBe(1);
  });

  it("come as base64 of the same floats when asked for", async () => {
    const [floats, encoded] = await Promise.all([embed(texts), embed(texts, { encoding_format: "base64" })]);
    const decoded = encoded.json.data.map(({ embedding }) => [...floatsOf(embedding)]);
    const inFloats = floats.json.data.map(({ embedding }) => (embedding as number[]).map(Math.fround));
    expect(decoded).toEqual(inFloats);
  });

  it("reach the official client, which asks for base64 on its own", async () => {
    const { data, usage } = await client.embeddings.create({ model: "all-minilm-l6-v2", input: texts });
    expect(data.map(({ embedding }) => embedding.length)).toEqual(texts.map(() => 384));
    expect(cosine(data[0]!.embedding, golden[0]!.vector)).toBeGreaterThan(0.995);
    expect(usage.total_tokens).toBeGreaterThan(20);
  });

  it("name what was cut, and only then", async () => {
    const long = "a word and another ".repeat(100);
    expect((await embed(long)).dropped).toBe("input (cut to 256 tokens)");
    expect((await embed(["short", long, long])).dropped).toBe("input (2 of 3 cut to 256 tokens)");
    expect((await embed(long)).json.usage.prompt_tokens).toBe(256);
  });

  it("name fields that mean nothing to it", async () => {
    expect(
      (await embed("a", { user: "u-1", input_type: "query", encoding_format: null, dimensions: 384 })).dropped,
    ).toBe("user, input_type");
  });

  it("of 2048 texts come in one answer", async () => {
    const { status, json } = await embed(
      Array.from({ length: 2048 }, (_, at) => `n ${at % 10}`),
      { encoding_format: "base64" },
    );
    expect([status, json.data.length]).toEqual([200, 2048]);
    expect(json.data[2047]!.embedding).toBe(json.data[7]!.embedding);
  }, 120_000);
});

describe("a request the model inside cannot serve is refused with the field at fault", () => {
  const isUnsupported = { status: 400, code: "unsupported", type: "invalid_request_error" };
  const isWrong = { status: 400, code: "invalid_request", type: "invalid_request_error" };
  it.each([
    ["token ids", { input: [1, 2, 3] }, isWrong, "input", /token ids are those of another model's tokenizer/],
    ["lists of token ids", { input: [[1, 2], [3]] }, isWrong, "input", /token ids/],
    ["an empty text", { input: "" }, isWrong, "input", /must not be empty/],
    ["an empty list", { input: [] }, isWrong, "input", /must not be empty/],
    ["an empty text in a list", { input: ["a", ""] }, isWrong, "input[1]", /must not be empty/],
    ["something that is no text", { input: ["a", { text: "b" }] }, isWrong, "input[1]", /must be a string/],
    ["too many texts", { input: Array(2049).fill("a") }, isWrong, "input", /2048 are the most/],
    ["other dimensions", { input: "a", dimensions: 256 }, isUnsupported, "dimensions", /has 384 dimensions/],
    ["an unknown form", { input: "a", encoding_format: "int8" }, isWrong, "encoding_format", /'float' or 'base64'/],
  ])("%s", async (_, fields, { status, code, type }, param, message) => {
    const answer = await embed(fields.input, fields);
    expect(answer.status).toBe(status);
    expect(answer.json.error).toMatchObject({ code, type, param, message: expect.stringMatching(message) });
  });

  it("another model", async () => {
    const { status, json } = await embed("a", { model: "other" });
    expect([status, json.error.code]).toEqual([404, "upstream_not_found"]);
    expect(json.error.message).toContain("all-minilm-l6-v2");
  });

  it("another endpoint", async () => {
    const response = await plane.chat({ model: "all-minilm-l6-v2" });
    expect([response.status, ((await response.json()) as Answer).error.code]).toEqual([400, "unsupported"]);
  });
});

describe("a client that leaves", () => {
  it("is not worked for any longer", async () => {
    const leaving = new AbortController();
    const many = Array.from({ length: 1500 }, (_, at) => `A question with quite a few words in it, number ${at}?`);
    const options = { path: "/v1/embeddings", signal: leaving.signal };
    const left = plane.chat({ model: "all-minilm-l6-v2", messages: undefined, input: many }, options);
    setTimeout(() => leaving.abort(), 300);
    await expect(left).rejects.toThrow(/abort/i);
    const startedAt = performance.now();
    expect((await embed("next")).status).toBe(200);
    const ms = performance.now() - startedAt;
    console.log(`the next call after one of 1,500 texts was left: ${ms.toFixed(0)} ms`);
    expect(ms).toBeLessThan(2000);
  });
});

describe("an application that names another provider's embedding model", () => {
  it("is never answered by the model inside, nor is anyone without asking for it", async () => {
    const env = { OLLAMA_HOST: "127.0.0.1:9" };
    const { config } = await discover(readEnvironment(env), env);
    const toBuiltin = Object.entries(config.models).filter(([, { route }]) =>
      JSON.stringify(route).includes("builtin"),
    );
    expect(toBuiltin.map(([name]) => name).sort()).toEqual(["all-minilm-l6-v2", "builtin/*"]);
  });

  it("gets it where the configuration falls back to it and other dimensions were not asked for", async () => {
    const down = await startUpstream((_, response) => void response.writeHead(500).end());
    const other = await startTestPlane(`
providers: { p: { kind: openai-compatible, baseUrl: "${down.url}/v1" }, builtin: { kind: builtin } }
models: { search: { route: { fallback: [p/e, builtin/all-minilm-l6-v2] } } }`);
    const ask = (fields: object) =>
      other.chat({ model: "search", messages: undefined, input: "a", ...fields }, { path: "/v1/embeddings" });
    const answer = await ask({});
    expect([answer.status, answer.headers.get("x-gatehouse-target")]).toEqual([200, "builtin/all-minilm-l6-v2"]);
    expect((await ask({ dimensions: 64 })).ok).toBe(false);
    await other.stop();
    await down.close();
  });
});

const specification = sharedPath(
  "specs/openai.openapi.tolerant.json",
  "The check of embeddings against OpenAI's schemas",
);
const schemas = specification === undefined ? undefined : loadSchemas(specification);

test.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", async () => {
  for (const input of ["one", ["one", "two"]]) {
    expect(schemas!("CreateEmbeddingResponse", (await embed(input)).json)).toEqual([]);
  }
});

test("a reload keeps the threads that are at work", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-builtin-"));
  const configFile = join(folder, "gatehouse.yaml");
  await writeFile(configFile, CONFIG);
  const other = await startTestPlane(CONFIG, { configFile });
  const body = { model: "all-minilm-l6-v2", messages: undefined, input: Array(300).fill("Still here?") };
  const answer = other.chat(body, { path: "/v1/embeddings" });
  await writeFile(configFile, `${CONFIG}# changed\n`);
  expect(await other.serving.reload()).toBe(2);
  expect((await answer).status).toBe(200);
  await other.stop();
  await rm(folder, { recursive: true });
});

test("a gateway that was given no key serves it, reads it when it is first asked for, and stops with it", async () => {
  const gateway = await startGateway();
  const headers = { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" };
  const models = (await (await fetch(`${gateway.url}/v1/models`, { headers })).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toContain("all-minilm-l6-v2");
  const ask = (model: string) =>
    fetch(`${gateway.url}/v1/embeddings`, { method: "POST", headers, body: JSON.stringify({ model, input: "Hello" }) });
  const other = await ask("text-embedding-3-small");
  expect(other.headers.get("x-gatehouse-target")).toBe("demo/text-embedding-3-small");
  const before = await gateway.memoryMb();
  expect((await ask("all-minilm-l6-v2")).status).toBe(200);
  const after = await gateway.memoryMb();
  console.log(`memory before and after the first embedding: ${before.toFixed(0)} and ${after.toFixed(0)} MB`);
  expect(after - before).toBeGreaterThan(20);
  expect(await gateway.stop()).toBe(0);
});
