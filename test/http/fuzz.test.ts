import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await startTestPlane(
    "providers: { demo: { kind: demo, tokensPerSecond: 10000 } }\nmodels: { m: { route: demo/demo } }\nlimits: { headersTimeoutMs: 400, bodyTimeoutMs: 500, maxBodyBytes: 100000 }",
  );
});
afterAll(() => plane.stop());

/** Sends bytes on a bare socket; resolves to all that came back when the server closes, or `hang` when it does not. */
function send(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(plane.port, "127.0.0.1");
    let answer = "";
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(`hang after: ${answer}`);
    }, 8000);
    const done = () => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("close", done);
    socket.on("error", done);
    socket.end(bytes);
  });
}

/** A 4xx with OpenAI's error object as its whole body. */
function expectRefusal(answer: string): void {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(head.toLowerCase()).toContain("content-type: application/json");
  const { error } = JSON.parse(body);
  expect(error).toMatchObject({ message: expect.any(String), type: expect.any(String), code: expect.any(String) });
}

const head = (fields: string) =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\nconnection: close\r\n${fields}\r\n`;

const body = fc.oneof(
  fc.string(),
  fc.json().filter((text) => !/"model"/.test(text)),
  fc
    .jsonValue()
    .map((value) => JSON.stringify({ model: "m", messages: value }))
    .filter((text) => !text.includes('"role"')),
  fc
    .jsonValue()
    .map((value) => JSON.stringify({ messages: [{ role: "user" }], model: value }))
    .filter((text) => !text.includes('"model":"m"')),
  fc.tuple(fc.json(), fc.nat()).map(([text, cut]) => `{"model":"m","messages":[${text}`.slice(0, cut % 40)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.constantFrom(
    '{"model":"m","model":"m","messages":[]}',
    "null",
    "[]",
    '"m"',
    `${"[".repeat(50_000)}`,
    `{"a":${"1".repeat(90_000)}`,
  ),
);
const malformedBody = body.map((text) => {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([Buffer.from(head(`content-length: ${bytes.length}\r\n`)), bytes]);
});
const token = fc.string({
  unit: fc.constantFrom(...'abcXYZ019 \t:;,()<>@\\"/[]?={}\u0000\u007fé\r\n'.split("")),
  maxLength: 30,
});
const malformedHead = fc
  .tuple(fc.constantFrom("GET", "POST", "PUT", "BREW", "", "get", "CONNECT", "PRI"), token, token, token, token)
  .map(([method, path, version, name, value]) =>
    Buffer.from(`${method} /${path} HTTP/${version}\r\n${name}: ${value}\r\nconnection: close\r\n\r\n`, "latin1"),
  );
const malformedHeader = fc
  .tuple(token, token)
  .filter(([name]) => !/^[\w-]+$/.test(name) && !name.includes("\r\n"))
  .map(([name, value]) => Buffer.from(head(`${name}\u0001: ${value}\r\ncontent-length: 0\r\n`), "latin1"));
const malformedChunks = fc
  .tuple(
    fc.constantFrom(
      "zz\r\n",
      "-1\r\n",
      "5\r\nabc\r\n0\r\n\r\n",
      "ffffffffffffffff1\r\n",
      "3\r\nabcd\r\n",
      "\r\n\r\n",
      "5;x\r\nab",
    ),
    fc.string(),
  )
  .map(([chunks, rest]) => Buffer.from(head("transfer-encoding: chunked\r\n") + chunks + rest, "latin1"));
const smuggling = fc
  .constantFrom(
    "content-length: 5\r\ncontent-length: 6\r\n",
    "content-length: 5\r\ntransfer-encoding: chunked\r\n",
    "transfer-encoding: chunked, identity\r\n",
    "content-length: -1\r\n",
    "content-length: 1e3\r\n",
    "transfer-encoding: xchunked\r\n",
    `x: ${"a".repeat(20_000)}\r\n`,
    "content-encoding: gzip\r\ncontent-length: 2\r\n",
    "content-length: 99999999999\r\n",
  )
  .map((fields) => Buffer.from(`${head(fields)}{}`, "latin1"));

describe("malformed input", () => {
  const kinds = { malformedBody, malformedHead, malformedHeader, malformedChunks, smuggling };
  const each = 2000; // five kinds: 10,000 requests

  it.each(Object.entries(kinds))(
    "%s: always a 4xx in OpenAI's shape, never a hang",
    async (name, arbitrary) => {
      const inputs = fc.sample(arbitrary, { numRuns: each, seed: 20_261_124 });
      for (let at = 0; at < inputs.length; at += 100) {
        const batch = inputs.slice(at, at + 100);
        const answers = await Promise.all(batch.map(send));
        for (const [index, answer] of answers.entries()) {
          try {
            expectRefusal(answer);
          } catch (error) {
            throw new Error(
              `${name}: ${JSON.stringify(batch[index]!.toString("latin1").slice(0, 300))} got ${answer.slice(0, 300)}`,
              { cause: error },
            );
          }
        }
      }
    },
    120_000,
  );

  it("leaves the gateway well", async () => {
    const response = await plane.chat();
    expect(response.status).toBe(200);
    expect(await plane.metric("gatehouse_inflight_requests")).toBe(0);
  });
});

describe("slow clients", () => {
  const hold = (bytes: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(plane.port, "127.0.0.1");
      let answer = "";
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", () => resolve(answer));
      socket.write(bytes);
    });

  it("that never finish their headers are told so and let go", async () => {
    expectRefusal(await hold("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"));
  });

  it("that never finish their body are told so and let go", async () => {
    expectRefusal(await hold(`${head("content-length: 10\r\n")}{`));
  });

  it("that send more than allowed are told so, chunked or not", async () => {
    const big = "x".repeat(200_000);
    expectRefusal(await send(`${head(`content-length: ${big.length}\r\n`)}${big}`));
    expectRefusal(
      await send(`${head("transfer-encoding: chunked\r\n")}${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`),
    );
  });
});
