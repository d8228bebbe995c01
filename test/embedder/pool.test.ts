import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { CallSignal } from "../../src/core/signal.ts";
import { EmbedderPool, type PoolOptions } from "../../src/embedder/pool.ts";
import { cleanEnv, run } from "../support/process.ts";
import { root } from "./model.ts";

const entry = new URL("./echo-worker.ts", import.meta.url);
const patient = { firstByteMs: 30_000, idleMs: 30_000, totalMs: 30_000 };
const open: EmbedderPool[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

function poolWith(options: Partial<PoolOptions> = {}): EmbedderPool {
  const pool = new EmbedderPool({ threads: 1, maxWaiting: 100, idleMs: 60_000, entry, ...options });
  open.push(pool);
  return pool;
}

interface Echo {
  readonly text: string;
  readonly threadId: number;
  /** To that thread, with this batch. */
  readonly given: number;
  readonly batch: number;
}

async function embed(
  pool: EmbedderPool,
  texts: readonly string[],
  more: { signal?: CallSignal; firstByteMs?: number } = {},
) {
  const { signal = new CallSignal(), ...timeouts } = more;
  const embedded = await pool.embed({ texts, form: "float", signal, timeouts: { ...patient, ...timeouts } });
  return embedded.map(({ json }) => JSON.parse(Buffer.from(json).toString()) as Echo);
}

const numbered = (count: number, word = "text") => Array.from({ length: count }, (_, at) => `${word} ${at}`);
const textsOf = (echoes: readonly Echo[]) => echoes.map(({ text }) => text);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "answered",
    (error: GatewayError) => error.code,
  );

describe("the pool", () => {
  it("answers every text, in the order of its call, from as many threads as it may have", async () => {
    const pool = poolWith({ threads: 3, maxWaiting: 10_000 });
    const calls = Array.from({ length: 20 }, (_, call) => numbered(1 + call * 7, `wait 1 ${call}`));
    const answers = await Promise.all(calls.map((texts) => embed(pool, texts)));
    expect(answers.map(textsOf)).toEqual(calls);
    expect(new Set(answers.flat().map(({ threadId }) => threadId)).size).toBe(3);
  });

  it("gives a free thread all that waits, up to about a pass of the model", async () => {
    const pool = poolWith();
    const first = embed(pool, ["wait 100"]);
    const waiting = numbered(10).map((text) => embed(pool, [text]));
    const long = embed(pool, numbered(30, "x".repeat(100)));
    await first;
    const sizes = (echoes: readonly Echo[]) => echoes.map(({ batch }) => batch);
    expect(sizes((await Promise.all(waiting)).flat())).toEqual(Array(10).fill(19)); // ten of 6 and nine of 102 characters
    expect(sizes(await long)).toEqual([...Array(9).fill(19), ...Array(18).fill(9), 3, 3, 3]);
  });

  it("does not let a big call hold up a small one", async () => {
    const pool = poolWith({ maxWaiting: 10_000 });
    const big = embed(pool, numbered(1000, "y".repeat(500)));
    const [small] = await embed(pool, ["small"]);
    expect(small!.given).toBeLessThan(10);
    expect(textsOf(await big)).toHaveLength(1000);
  });

  it("refuses a call that would make too many wait, and says when to come back", async () => {
    const pool = poolWith({ maxWaiting: 10 });
    const working = embed(pool, ["wait 200"]);
    const waiting = embed(pool, numbered(8));
    const refused = await embed(pool, numbered(3)).catch((error: GatewayError) => error);
    expect(refused).toMatchObject({ code: "upstream_overloaded", status: 503, retryable: true });
    expect((refused as GatewayError).details.retryAfterMs).toBeGreaterThanOrEqual(1000);
    expect(await codeOf(embed(pool, numbered(2)))).toBe("answered");
    await Promise.all([working, waiting]);
    expect(textsOf(await embed(pool, numbered(50)))).toHaveLength(50);
  });

  it("lets go of a call at once when its signal fires, and of its texts that still wait", async () => {
    const pool = poolWith();
    const signal = new CallSignal();
    const left = embed(pool, ["wait 150", ...numbered(90, "z".repeat(100))], { signal });
    const startedAt = performance.now();
    await sleep(20);
    signal.abort(new GatewayError("client_left", "gone"));
    expect(await codeOf(left)).toBe("client_left");
    expect(performance.now() - startedAt).toBeLessThan(140);
    const [next] = await embed(pool, ["next"]);
    expect(next!.given).toBeLessThan(15);
    expect(await codeOf(embed(pool, ["late"], { signal }))).toBe("client_left");
  });

  it("gives up a call whose turn does not come within its time limit", async () => {
    const pool = poolWith();
    const working = embed(pool, ["wait 400"]);
    expect(await codeOf(embed(pool, ["late"], { firstByteMs: 100 }))).toBe("first_byte_timeout");
    expect(textsOf(await working)).toEqual(["wait 400"]);
  });

  it.each(["throw", "exit"])("fails the calls of a thread that breaks by %s, and starts another", async (how) => {
    const pool = poolWith();
    const before = await embed(pool, ["before"]);
    const working = embed(pool, ["wait 50", how]);
    const waiting = embed(pool, ["waiting"]);
    const error = await working.catch((thrown: GatewayError) => thrown);
    expect(error).toMatchObject({ code: "upstream_error", retryable: true });
    expect((error as GatewayError).details.cause).toBeInstanceOf(Error);
    const [after] = await waiting;
    expect(after!.threadId).not.toBe(before[0]!.threadId);
  });

  it("fails calls when threads cannot be started at all", async () => {
    const pool = poolWith({ entry: new URL("./no-such-worker.ts", import.meta.url) });
    expect(await codeOf(embed(pool, ["a"]))).toBe("upstream_error");
    expect(await codeOf(embed(pool, ["b"]))).toBe("upstream_error");
  });

  it("starts no thread before it is asked, and ends one that has had nothing to do for a while", async () => {
    const before = threads();
    const pool = poolWith({ idleMs: 100 });
    expect(threads()).toBe(before);
    const [first] = await embed(pool, ["first"]);
    const [second] = await embed(pool, ["second"]);
    expect(second!.threadId).toBe(first!.threadId);
    await sleep(500);
    expect(threads()).toBe(before);
    const [third] = await embed(pool, ["third"]);
    expect(third!.threadId).not.toBe(first!.threadId);
  });

  it("fails what is open when it is closed", async () => {
    const pool = poolWith();
    const working = codeOf(embed(pool, ["wait 5000"]));
    const waiting = codeOf(embed(pool, ["waiting"]));
    await pool.close();
    expect(await Promise.all([working, waiting])).toEqual(["shutting_down", "shutting_down"]);
  });

  it("does not keep its process alive", async () => {
    const program = `
      const { EmbedderPool } = await import("${new URL("../../src/embedder/pool.ts", import.meta.url)}");
      const { CallSignal } = await import("${new URL("../../src/core/signal.ts", import.meta.url)}");
      const pool = new EmbedderPool({ threads: 1, maxWaiting: 9, idleMs: 3600000 });
      const timeouts = { firstByteMs: 60000, idleMs: 60000, totalMs: 60000 };
      const [{ tokens }] = await pool.embed({ texts: ["Good morning"], form: "float", signal: new CallSignal(), timeouts });
      console.log(tokens);`;
    const command = [process.execPath, "--input-type=module", "-e", program];
    expect(await run(command, { cwd: join(root), env: cleanEnv() })).toEqual({ code: 0, stdout: "4\n", stderr: "" });
  });
});

/** Threads of this process; 0 where the system does not tell. */
function threads(): number {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return 0;
  }
}
