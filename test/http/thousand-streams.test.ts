import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { chunk, DONE, eventStream, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let plane: TestPlane;
beforeAll(async () => {
  upstream = await startUpstream(async (request, response) => {
    eventStream(response);
    let gone = false;
    request.closed.then(() => {
      gone = true;
    });
    for (let sent = 0; sent < 40 && !gone; sent++) {
      response.write(chunk(`word ${sent} `));
      await sleep(20);
    }
    response.end(chunk("", "stop") + DONE);
  });
  plane = await startTestPlane(
    `providers: { main: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }\nmodels: { m: { route: main/x } }`,
  );
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

type End = "complete" | "left";

/** Reads a stream, and leaves after so many frames; 40 frames and an end are all there are. */
async function read(leaveAfter: number): Promise<End> {
  const controller = new AbortController();
  try {
    const { body } = await request(`${plane.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "hi" }] }),
      signal: controller.signal,
    });
    let reads = 0;
    let text = "";
    for await (const part of body) {
      text += part;
      if (++reads >= leaveAfter) controller.abort();
    }
    return text.endsWith(DONE) ? "complete" : "left";
  } catch {
    return "left";
  }
}

describe("1,000 streams at once, half of whose clients leave at random", () => {
  it("closes what was left, leaks nothing, and records every call once with how it ended", async () => {
    const handles = () => process.getActiveResourcesInfo().filter((kind) => kind !== "TCPSocketWrap").length;
    await read(100); // connections, code and metrics warmed up
    const before = { handles: handles(), records: await ended() };
    const ends: End[] = [];
    const rounds = 2;
    for (let round = 0; round < rounds; round++) {
      const readers = Array.from({ length: 1000 }, (_, index) =>
        read(index % 2 === 0 ? 1000 : 1 + Math.floor(Math.random() * 30)),
      );
      ends.push(...(await Promise.all(readers)));
    }
    await sleep(200);

    const complete = ends.filter((end) => end === "complete").length;
    expect(complete).toBeGreaterThanOrEqual(1000);
    expect(ends.length - complete).toBeGreaterThan(500);
    const records = await ended();
    expect(records.complete - before.records.complete).toBe(complete);
    expect(records.left - before.records.left).toBe(ends.length - complete);
    expect(await plane.metric("gatehouse_inflight_requests")).toBe(0);
    expect(await plane.metric("gen_ai_server_request_duration_seconds")).toBe(ends.length + 1);

    // What stays open are idle connections of the pool, whose provider answers to the end.
    await closedTo(520);
    expect(handles()).toBeLessThanOrEqual(before.handles + 2);
  }, 60_000);
});

async function ended(): Promise<{ complete: number; left: number }> {
  return {
    complete: await plane.metric("gatehouse_requests_total", { status: "200" }),
    left: await plane.metric("gatehouse_requests_total", { status: "499" }),
  };
}

/** Waits for the provider's side to have at most so many open connections. */
async function closedTo(limit: number): Promise<void> {
  for (let tries = 0; tries < 50 && upstream.open.size > limit; tries++) await sleep(100);
  expect(upstream.open.size).toBeLessThanOrEqual(limit);
}
