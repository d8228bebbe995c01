import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { objectServer } from "../support/object-server.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  const server = objectServer();
  upstream = await startUpstream((request, response) => {
    // Azure answers a creation with 201 and a deletion with 204.
    if (request.method === "DELETE") return void response.writeHead(204).end();
    if (/\/images\//.test(request.path)) return json(response, { created: 1, data: [] });
    const path = request.path.replace("/openai", "/v1");
    return server.answer({ ...request, path }, response);
  });
  plane = await startTestPlane(`
providers: { azure: { kind: azure, baseUrl: "${upstream.url}", apiKey: azure-key, apiVersion: "2025-04-01-preview" } }
models: { painter: { route: azure/my-painter } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const ask = (path: string, request: RequestInit = {}) =>
  fetch(`${plane.url}/v1${path}`, { ...request, headers: { authorization: `Bearer ${KEY}`, ...request.headers } });

describe("what passes through to Azure", () => {
  it("has images under deployments, and files beside them", async () => {
    const headers = { "content-type": "application/json" };
    await ask("/images/generations", { method: "POST", headers, body: '{"model":"painter","prompt":"a cat"}' });
    const form = new FormData();
    form.set("purpose", "batch");
    form.set("file", new Blob(["line"]), "input.jsonl");
    const file = (await (await ask("/files", { method: "POST", body: form })).json()) as { id: string };
    expect(await (await ask("/files?purpose=batch")).json()).toMatchObject({ data: [{ id: file.id }] });
    expect(await (await ask(`/files/${file.id}`, { method: "DELETE" })).json()).toMatchObject({ deleted: true });
    const version = "api-version=2025-04-01-preview";
    expect(upstream.received.map(({ path }) => path)).toEqual([
      `/openai/deployments/my-painter/images/generations?${version}`,
      `/openai/files?${version}`,
      `/openai/files?purpose=batch&${version}`,
      `/openai/files/${file.id}?${version}`,
    ]);
    expect(upstream.received.every(({ headers }) => headers["api-key"] === "azure-key")).toBe(true);
  });
});
