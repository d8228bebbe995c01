import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "./client.ts";
import { firstByte } from "./first-byte.ts";
import { type StubUpstream, startStubUpstream } from "./stub-upstream.ts";

let stub: StubUpstream;
beforeAll(async () => {
  stub = await startStubUpstream();
});
afterAll(() => stub.close());

const headers = { "content-type": "text/event-stream", "content-length": "999", "retry-after": "53" };

test("A reader meets every cut, also inside a character", async () => {
  const pieces = [..."data: ü\n\n"].flatMap((character) => [...Buffer.from(character)].map((byte) => Buffer.of(byte)));
  const base = stub.serve("cuts/bytes", { status: 200, headers, pieces });
  const chunks = await new Promise<Buffer[]>((resolve, reject) => {
    const seen: Buffer[] = [];
    request(`${base}/v1/x`, { method: "POST", agent: false }, (response) => {
      response.on("data", (chunk: Buffer) => seen.push(chunk)).on("end", () => resolve(seen));
    })
      .on("error", reject)
      .end();
  });
  expect(chunks.map(({ length }) => length)).toEqual(pieces.map(() => 1));
  expect(Buffer.concat(chunks).toString()).toBe("data: ü\n\n");
});

test("Recorded headers are sent, but for those of the recorded connection", async () => {
  const base = stub.serve("headers/whole", { status: 429, headers, pieces: [Buffer.from("slow down")] });
  const answer = await send({ url: `${base}/v1/x`, headers: {}, body: {}, timeoutMs: 5_000 });
  expect(answer.status).toBe(429);
  expect(answer.headers["retry-after"]).toBe("53");
  expect(answer.headers["content-length"]).toBe("9");
  expect(answer.complete).toBe(true);
});

test("Its last piece can wait for the client to have seen the first", async () => {
  const flow = firstByte();
  const pieces = ["data: a\n\n", "data: b\n\n"].map((text) => Buffer.from(text));
  const url = stub.serve("flow/bytes", { status: 200, headers, pieces, beforeLast: flow.awaited });
  await send({ url, headers: {}, body: {}, timeoutMs: 5_000, onData: flow.seen });
  expect(flow.faults).toEqual([]);
  const unseen = firstByte(10);
  const again = stub.serve("unseen/bytes", { status: 200, headers, pieces, beforeLast: unseen.awaited });
  const answer = await send({ url: again, headers: {}, body: {}, timeoutMs: 5_000 });
  expect(answer.complete).toBe(true);
  expect(unseen.faults).toEqual(["nothing reached the client before the provider had sent everything"]);
});

test("It remembers what reached each case, and answers nobody else", async () => {
  const base = stub.serve("a.json/whole", { status: 200, headers: {}, pieces: [Buffer.from("{}")] });
  await send({ url: `${base}/v1/chat?x=1`, headers: { "x-api-key": "k" }, body: { a: 1 }, timeoutMs: 5_000 });
  const [arrival, ...more] = stub.arrivalsAt("a.json/whole");
  expect(more).toEqual([]);
  expect(arrival).toMatchObject({ method: "POST", target: "/v1/chat?x=1", body: '{"a":1}' });
  expect(arrival!.headers["x-api-key"]).toBe("k");
  const stray = await send({ url: `${base}x/v1/chat`, headers: {}, timeoutMs: 5_000 });
  expect(stray.status).toBe(599);
});
