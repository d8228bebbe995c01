import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JsonBody } from "../../src/protocol/json.ts";
import { filesNamed, mayNameFiles } from "../../src/stages/own/named-files.ts";
import { KEY, OTHER_KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { objectsInMemory } from "../support/objects.ts";
import { completion, json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream((_, response) => json(response, completion("I read it.")));
  const objects = objectsInMemory();
  await objects.add([
    { tenant: "t", id: "file-own", provider: "p", kind: "file" },
    { tenant: "another", id: "file-foreign", provider: "p", kind: "file" },
  ]);
  const config = `
providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }
models: { m: { route: p/x } }
`;
  plane = await startTestPlane(config, { objects });
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const ask = (path: string, body: string, key = KEY) =>
  fetch(plane.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body,
  });

const chat = (id: string) =>
  JSON.stringify({
    model: "m",
    messages: [{ role: "user", content: [{ type: "file", file: { file_id: id } }] }],
  });
const messages = (id: string) =>
  JSON.stringify({
    model: "m",
    max_tokens: 9,
    messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: id } }] }],
  });
const responses = (id: string) =>
  JSON.stringify({
    model: "m",
    input: [{ role: "user", content: [{ type: "input_file", file_id: id }] }],
    tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: [id] } }],
  });

describe("a file that a request shows to a model", () => {
  it.each([
    ["/v1/chat/completions", chat],
    ["/v1/messages", messages],
    ["/v1/responses", responses],
  ])("may not be another tenant's: %s", async (path, body) => {
    upstream.received.length = 0;
    const refused = await ask(path, body("file-own"), OTHER_KEY);
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { message: /No such File/ } }]);
    expect((await ask(path, body("file-foreign"))).status).toBe(404);
    expect(upstream.received).toHaveLength(0);
    expect((await ask(path, body("file-own"))).status).not.toBe(404);
    // Made outside of the gateway.
    expect((await ask(path, body("file-of-nobody"))).status).not.toBe(404);
  });

  it("is found however its name is written, and a schema that speaks of files is none", async () => {
    const hidden = chat("file-foreign").replace("file_id", "file\\u005fid");
    expect((await ask("/v1/chat/completions", hidden)).status).toBe(404);
    const parameters = { type: "object", properties: { file_id: { type: "string" } } };
    const tools = [{ type: "function", function: { name: "read", parameters } }];
    expect((await plane.chat({ tools })).status).toBe(200);
  });

  it("is never overlooked by the quick look", () => {
    const wrapped = fc.tuple(fc.jsonValue({ maxDepth: 2 }), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(wrapped, fc.boolean(), ([around, id], escaped) => {
        const text = JSON.stringify({ model: "m", around, part: { file_id: id } });
        const written = escaped ? text.replaceAll("file_id", "\\u0066ile_id") : text;
        const body = JsonBody.parse(written, { maxDepth: 20, maxValues: 10_000 });
        expect([mayNameFiles(body), filesNamed(body).includes(id)]).toEqual([true, true]);
      }),
    );
  });
});
