import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { liveHeapBytes } from "../support/heap.ts";
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

/** Every other client stays to the end, the rest leave after 1 to 30 of the 40 frames. */
const leaveAfter = (index: number) => (index % 2 === 0 ? 1000 : 1 + Math.floor(Math.random() * 30));

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
    const round = () => Promise.all(Array.from({ length: 1000 }, (_, index) => read(leaveAfter(index))));
    await round(); // connections, code and metrics warmed up
    await sleep(500);
    const before = { handles: handles(), records: await ended(), heap: liveHeapBytes() };
    const ends = await round();
    await sleep(200);

    const complete = ends.filter((end) => end === "complete").length;
    expect(complete).toBeGreaterThanOrEqual(500);
    expect(ends.length - complete).toBeGreaterThan(300);
    const records = await ended();
    expect(records.complete - before.records.complete).toBe(complete);
    expect(records.left - before.records.left).toBe(ends.length - complete);
    expect(await plane.metric("gatehouse_inflight_requests")).toBe(0);
    expect(await plane.metric("gen_ai_server_request_duration_seconds")).toBe(2 * ends.length);

    // What stays open are idle connections of the pool, whose provider answers to the end.
    await closedTo(520);
    expect(handles()).toBeLessThanOrEqual(before.handles + 2);
    const grownMb = (liveHeapBytes() - before.heap) / 1e6;
    console.log(`${ends.length} streams: ${complete} complete, live heap ${grownMb.toFixed(1)} MB more`);
    expect(grownMb).toBeLessThan(5);
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
