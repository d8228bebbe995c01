import { describe, expect, it } from "vitest";
import { parseConfig } from "../src/config/load.ts";
import { type Call, emptyNotes } from "../src/core/call.ts";
import type { CallRecord } from "../src/core/record.ts";
import { CallSignal } from "../src/core/signal.ts";
import { chat } from "../src/endpoints/chat.ts";
import { createGateway } from "../src/gateway.ts";
import { pipeline } from "../src/pipeline.ts";
import { JsonBody } from "../src/protocol/json.ts";
import { HealthBook } from "../src/routing/health.ts";
import { Pools } from "../src/routing/transport.ts";
import { conversationsInMemory } from "./support/conversations.ts";
import { liveHeapBytes } from "./support/heap.ts";
import { objectsInMemory } from "./support/objects.ts";

const config = await parseConfig(
  "providers: { demo: { kind: demo, tokensPerSecond: 10000 } }\nmodels: { m: { route: demo/demo } }",
  { source: "test", env: {} },
);
const records: CallRecord[] = [];
let started = 0;
const gateway = createGateway(1, config, {
  pools: new Pools(),
  health: new HealthBook(),
  conversations: conversationsInMemory(),
  objects: objectsInMemory(),
  records: { started: () => void started++, write: (record) => void records.push(record) },
});
const road = pipeline(gateway);
const caller = { tenant: "t", team: "m", keyId: "k", keyName: "test", tags: [] };

function call(fields: Record<string, unknown> = {}, signal = new CallSignal()): Call {
  const body = JsonBody.of({ model: "m", messages: [{ role: "user", content: "hi" }], ...fields });
  return {
    id: "id",
    arrivedAt: performance.now(),
    caller,
    endpoint: chat as Call["endpoint"],
    model: gateway.resolve("m")!,
    request: chat.read(body),
    signal,
    notes: emptyNotes(),
  };
}

describe("the road", () => {
  it("records every call exactly once, however it ends", async () => {
    const whole = await road(call());
    expect(whole.kind).toBe("whole");

    const read = await road(call({ stream: true, max_tokens: 3 }));
    if (read.kind === "stream") for await (const _ of read.frames);

    const left = await road(call({ stream: true }));
    if (left.kind === "stream") for await (const _ of left.frames) break;

    const unread = await road(call({ stream: true }));
    if (unread.kind === "stream") await unread.frames[Symbol.asyncIterator]().return?.();

    const gone = new CallSignal();
    const refused = { ...call({}, gone), model: { ...gateway.resolve("m")!, policy: () => [] } };
    await expect(road(refused)).rejects.toMatchObject({ code: "no_target" });

    await new Promise((resolve) => setImmediate(resolve));
    expect(records.map(({ end, status }) => `${end} ${status}`)).toEqual([
      "complete 200",
      "complete 200",
      "client-left 499",
      "client-left 499",
      "failed 503",
    ]);
    expect(started).toBe(5);
  });

  it("keeps nothing of 100,000 calls", async () => {
    const many = async (count: number) => {
      for (let made = 0; made < count; made++) {
        const answer = await road(call(made % 10 === 0 ? { stream: true, max_tokens: 1 } : {}));
        if (answer.kind === "stream") for await (const _ of answer.frames);
        records.length = 0;
      }
    };
    await many(5000);
    const before = liveHeapBytes();
    await many(100_000);
    const grownBytes = liveHeapBytes() - before;
    console.log(`live heap after 100,000 calls: ${(grownBytes / 1e6).toFixed(2)} MB more`);
    expect(grownBytes).toBeLessThan(2_000_000);
  }, 120_000);
});
