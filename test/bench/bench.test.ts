import { describe, expect, test } from "vitest";
import { AnswerReader } from "./answer-reader.ts";
import { byPart, type CpuProfile, selfTimes } from "./cpu-profile.ts";
import type { Samples } from "./measure.ts";
import { readOptions } from "./options.ts";
import { cpuMicros, parseCpuList, parsePsTime, parseSchedstat, parseStatus } from "./processes.ts";
import { makeResult, notesOn } from "./report.ts";
import { arrivals, median, paired, percentile } from "./statistics.ts";
import type { TargetName } from "./targets.ts";
import { chunksIn, PASSED, paceOf, requestBytes, streamBody } from "./traffic.ts";

describe("statistics", () => {
  test("percentiles are samples, by the nearest rank, in whatever order they came", () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1)]).toEqual([50, 99, 100]);
    expect(percentile([7], 0.01)).toBe(7);
    expect(percentile([], 0.5)).toBeUndefined();
  });

  test("the median of an even number lies between the two in the middle", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([])).toBeUndefined();
  });

  test("figures are compared within their round", () => {
    expect(paired([10, 40, 30], [5, 10, undefined], (a, b) => a / b)).toBe(3);
  });

  test("arrivals come at the asked rate and the same way again", () => {
    const gaps = arrivals(1000, 7919);
    const sum = Array.from({ length: 20_000 }, gaps).reduce((a, b) => a + b, 0);
    expect(sum / 20_000).toBeCloseTo(1, 1);
    expect(arrivals(1000, 5)()).toBe(arrivals(1000, 5)());
  });
});

describe("what a process costs", () => {
  test("is read from /proc", () => {
    expect(parseSchedstat("416419 64271 3\n")).toBe(416.419);
    expect(parseStatus("Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n")).toEqual({ now: 100, peak: 200 });
    expect(parseCpuList("0-2,5")).toEqual([0, 1, 2, 5]);
  });

  test("is read from ps", () => {
    expect(parsePsTime("   0:01.25\n")).toBe(1_250_000);
    expect(parsePsTime("1-02:03:04")).toBe(93_784_000_000);
  });

  test("grows with work", () => {
    const before = cpuMicros(process.pid);
    const until = performance.now() + 30;
    while (performance.now() < until);
    expect(cpuMicros(process.pid) - before).toBeGreaterThan(5000);
  });
});

describe("the reader of answers", () => {
  const body = Buffer.from("hello, world");
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n";
  const fixed = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world";
  const feedAll = (text: string, size: number) => {
    const reader = new AnswerReader();
    reader.expect(body);
    const bytes = Buffer.from(text);
    let complete = false;
    for (let at = 0; at < bytes.length; at += size) {
      expect(complete).toBe(false);
      const piece = bytes.subarray(at, at + size);
      complete = reader.feed(piece, piece.length);
    }
    return complete;
  };

  test.each([1, 2, 3, 7, 1000])("knows the end of an answer that comes in pieces of %i bytes", (size) => {
    expect(feedAll(chunked, size)).toBe(true);
    expect(feedAll(fixed, size)).toBe(true);
  });

  test("can be told what to expect by how the body begins", () => {
    const reader = new AnswerReader();
    reader.expect((start) => Buffer.from(`${start.toString("latin1", 0, 5)}, world`));
    expect(reader.feed(Buffer.from(fixed), fixed.length)).toBe(true);
  });

  test("refuses another status, another body, a shorter one and one that goes on", () => {
    expect(() => feedAll("HTTP/1.1 502 Bad Gateway\r\n\r\nno", 99)).toThrow(/502/);
    expect(() => feedAll(fixed.replace("world", "there"), 99)).toThrow(/is not what the upstream sent/);
    expect(() => feedAll(chunked.replace("7\r\n, world\r\n", ""), 99)).toThrow(/5 bytes where the upstream sent 12/);
    expect(() => feedAll(`${fixed}!`, 99)).toThrow(/after the end/);
  });
});

describe("the traffic", () => {
  test("has bodies of the sizes that chats have", () => {
    const request = requestBytes({ port: 1, key: "k" }).toString();
    expect(request.length - request.indexOf("\r\n\r\n") - 4).toBeGreaterThan(600);
    expect(PASSED.next.length).toBeGreaterThan(210);
    expect(PASSED.next.length).toBeLessThan(250);
  });

  test("tells the stub its pace and counts whole chunks", () => {
    const pace = { chunks: 3, everyMs: 10 };
    expect(paceOf(requestBytes({ port: 1, key: "k", pace }).toString())).toEqual(pace);
    const { first, next, last } = PASSED;
    const length = streamBody(PASSED, pace).length;
    const counted = [0, first.length, first.length + next.length - 1, length - last.length, length - 1, length];
    expect(counted.map((received) => chunksIn(PASSED, pace, received))).toEqual([0, 1, 1, 4, 4, 5]);
    expect(streamBody(PASSED, pace).toString().endsWith("data: [DONE]\n\n")).toBe(true);
  });
});

describe("the result", () => {
  const samples = (name: TargetName, cpuMicros: number, ms: number): Samples => ({
    target: { name } as Samples["target"],
    saturation: [{ requests: 1000, fromMs: 0, wallMs: 100, cpuMicros }],
    streams: [{ chunks: 1000, reads: 900, fromMs: 0, wallMs: 100, cpuMicros }],
    translated: [{ chunks: 1000, reads: 1000, fromMs: 0, wallMs: 100, cpuMicros: 1.5 * cpuMicros }],
    latency: [{ requests: 10, p50Ms: ms, p99Ms: ms * 3 }],
    firstToken: [{ streams: 10, p50Ms: ms }],
    idleMb: 1,
    peakMb: 2,
  });
  const all = [samples("direct", 10_000, 0.25), samples("bare", 50_000, 0.5), samples("gatehouse", 100_000, 0.75)];
  const result = makeResult(all, { firstMs: 2000, againMs: 1000 });

  test("sets the gateway against the bare proxy, and its delays against none", () => {
    expect(result.ratios).toEqual({
      requests: 0.5,
      chunks: 0.5,
      cpuPerRequest: 2,
      cpuPerChunk: 2,
      cpuPerTranslatedChunk: 1.5,
      addedP50Ms: 0.5,
      addedP99Ms: 1.5,
      addedFirstTokenMs: 0.5,
    });
  });

  test("counts requests per core as seen when the core was used up, else from CPU time, and says so", () => {
    const figures = result.rows.map((row) => [row.target, row.saturated, row.requestsPerSecondPerCore]);
    expect(figures).toEqual([
      ["direct", false, 100_000],
      ["bare", false, 20_000],
      ["gatehouse", true, 10_000],
    ]);
    expect(notesOn(result).join("\n")).toMatch(/bare did not use its core up[\s\S]*10 % of the chunks/);
  });

  test("has null for what was not measured", () => {
    const [row] = makeResult([{ ...all[2], saturation: [], latency: [] } as Samples], undefined).rows;
    expect([row?.saturated, row?.requestsPerSecondPerCore, row?.addedP99Ms, row?.startFirstMs]).toEqual(
      Array(4).fill(null),
    );
  });
});

test("a profile is cut to its stretch, without idling, and summed over parts", () => {
  const node = (id: number, functionName: string, url: string) => ({
    id,
    callFrame: { functionName, url, lineNumber: 4 },
  });
  const profile: CpuProfile = {
    nodes: [
      node(1, "(idle)", ""),
      node(2, "send", "file:///somewhere/src/routing/send.ts"),
      node(3, "dispatch", "file:///somewhere/node_modules/undici/lib/client.js"),
      node(4, "writev", ""),
    ],
    startTime: 1000,
    samples: [2, 1, 2, 3, 4, 2],
    timeDeltas: [0, 10, 10, 10, 10, 10],
  };
  const times = selfTimes(profile, { from: 1010, to: 1050 });
  expect(times.map(({ name, place, micros }) => [name, place, micros])).toEqual([
    ["send", "src/routing/send.ts:5", 10],
    ["dispatch", "undici/lib/client.js:5", 10],
    ["writev", "", 10],
  ]);
  expect(byPart(times).map(({ part }) => part)).toEqual(["src/routing", "undici", "native"]);
});

test("options are read, and wrong ones refused in words", () => {
  const options = readOptions(["--quick", "--only", "streams,latency", "--rounds", "2", "--targets", "bare"]);
  expect([[...options.parts], [...options.targets], options.plan.rounds]).toEqual([
    ["streams", "latency"],
    ["bare"],
    2,
  ]);
  expect(() => readOptions(["--only", "speed"])).toThrow(/--only knows requests, streams, latency, startup, embed/);
  expect(() => readOptions(["--rounds", "0"])).toThrow(/whole number/);
});
