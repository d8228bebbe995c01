import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import {
  type Behaviour,
  chunk,
  completion,
  DONE,
  event,
  eventStream,
  json,
  startUpstream,
  type Upstream,
} from "../support/upstream.ts";

let upstream: Upstream;
let spare: Upstream;
let plane: TestPlane;

beforeAll(async () => {
  upstream = await startUpstream();
  spare = await startUpstream();
  plane = await startTestPlane(`
providers:
  main: { kind: openai-compatible, baseUrl: "${upstream.url}/v1", apiKey: "sk-upstream-secret" }
  counted: { kind: openai-compatible, baseUrl: "${upstream.url}/v1", streamUsage: true }
  spare: { kind: openai-compatible, baseUrl: "${spare.url}/v1" }
models:
  m: { route: { target: main/stub-model, timeouts: { firstByteMs: 300, idleMs: 300, totalMs: 1500 } } }
  usage: { route: counted/stub-model }
  safe: { route: { fallback: [main/stub-model, spare/stub-model], timeouts: { firstByteMs: 300, idleMs: 300 } } }
`);
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
  await spare.close();
});
beforeEach(() => {
  upstream.received.length = 0;
  spare.received.length = 0;
});

async function streamed(fields: Record<string, unknown> = {}): Promise<{ status: number; text: string }> {
  const response = await plane.chat({ stream: true, ...fields });
  return { status: response.status, text: await response.text() };
}

/** Sends the pieces with a pause between them, so that each arrives in a read of its own. */
function pieces(...parts: readonly (string | Buffer)[]): Behaviour {
  return async (_, response) => {
    eventStream(response);
    for (const part of parts) {
      response.write(part);
      await sleep(5);
    }
    response.end();
  };
}

describe("a stream that speaks OpenAI already", () => {
  it("passes byte for byte, comments and unknown fields included", async () => {
    const body = `: keep-alive\n\n${event({ x: 1, choices: [{ delta: { content: "…" } }] })}${chunk("", "stop")}${DONE}`;
    upstream.answer(pieces(body));
    expect(await streamed()).toEqual({ status: 200, text: body });
  });

  it("comes out the same when cut inside a character and inside an event", async () => {
    const body = Buffer.from(chunk("héllo 🎉") + chunk("", "stop") + DONE);
    const cut = body.indexOf(0xf0) + 2;
    upstream.answer(pieces(body.subarray(0, cut), body.subarray(cut, cut + 1), body.subarray(cut + 1)));
    expect((await streamed()).text).toBe(body.toString());
  });

  it("gets the end that a server left out, so that no client waits for it", async () => {
    upstream.answer(pieces(chunk("a"), chunk("", "stop")));
    expect((await streamed()).text).toBe(chunk("a") + chunk("", "stop") + DONE);
  });

  it("sends the first frame before the second exists", async () => {
    const second = Promise.withResolvers<void>();
    upstream.answer(async (_, response) => {
      eventStream(response);
      response.write(chunk("first"));
      await second.promise;
      response.end(chunk("", "stop") + DONE);
    });
    const response = await plane.chat({ stream: true });
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe(chunk("first"));
    second.resolve();
    await reader.read();
    await reader.cancel();
  });
});

describe("a stream that breaks", () => {
  const brokenBy: Record<string, Behaviour> = {
    "a connection cut after some frames": async (_, response) => {
      eventStream(response);
      response.write(chunk("a"));
      await sleep(20);
      response.destroy();
    },
    "an end without the terminal event": pieces(chunk("a")),
    "an error event": pieces(
      chunk("a"),
      `event: error\n${event({ error: { message: "overloaded sk-upstream-secret" } })}`,
    ),
    "an error beside choices": pieces(chunk("a"), event({ choices: [], error: { message: "x", code: 502 } })),
    "a bare JSON error after the events": pieces(chunk("a"), '{"error":{"code":500,"message":"x"}}'),
    "silence after the first frame": async (_, response) => {
      eventStream(response);
      response.write(chunk("a"));
    },
    "an event cut off in the middle": pieces(chunk("a"), 'data: {"choices":[{"delta":{"content":"b'),
  };

  it.each(Object.entries(brokenBy))("%s: tells the client, and never says [DONE]", async (_, behaviour) => {
    const failed = await plane.metric("gatehouse_stream_aborted_total");
    upstream.answer(behaviour);
    const { status, text } = await streamed();
    expect(status).toBe(200);
    expect(text.startsWith(chunk("a"))).toBe(true);
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("sk-upstream-secret");
    const last = JSON.parse(text.trim().split("\n\n").at(-1)!.replace("data: ", ""));
    expect(last.error).toMatchObject({
      message: expect.any(String),
      type: expect.any(String),
      code: expect.any(String),
    });
    expect(await plane.metric("gatehouse_stream_aborted_total")).toBe(failed + 1);
  });
});

describe("before the first good frame", () => {
  const failing: Record<string, Behaviour> = {
    "a 500": (_, response) => json(response, { error: { message: "x" } }, 500),
    "a 429 as first event": pieces(event({ error: { message: "slow down", code: 429 } })),
    "an HTML page under 200": (_, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>");
    },
    "an end before anything": pieces(),
    "headers, then silence": (_, response) => {
      eventStream(response);
      response.flushHeaders();
    },
    "comments, then the end": pieces(": hello\n\n", ": hello\n\n"),
  };

  it.each(Object.entries(failing))("%s falls back to the next target", async (_, behaviour) => {
    upstream.answer(behaviour);
    spare.answer(pieces(chunk("spare"), chunk("", "stop"), DONE));
    const response = await plane.chat({ model: "safe", stream: true });
    expect(await response.text()).toContain("spare");
    expect(response.headers.get("x-gatehouse-target")).toBe("spare/stub-model");
    expect(response.headers.get("x-gatehouse-attempts")).toBe("2");
  });
});

describe("timers name themselves", () => {
  it("first byte", async () => {
    upstream.answer(() => {});
    const response = await plane.chat({ stream: true });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { code: "first_byte_timeout", type: "timeout_error" } });
  });

  it("idle", async () => {
    upstream.answer(async (_, response) => {
      eventStream(response);
      response.write(chunk("a"));
    });
    expect((await streamed()).text).toContain("idle_timeout");
  });

  it("total, although comments and drops keep coming", async () => {
    upstream.answer(async (request, response) => {
      eventStream(response);
      response.write(chunk("a"));
      const timer = setInterval(() => response.write(": still here\n\n"), 50);
      await request.closed;
      clearInterval(timer);
    });
    expect((await streamed()).text).toContain("total_timeout");
  });
});

describe("usage in streams", () => {
  const usage = event({ id: "x", choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
  const body = [chunk("a"), chunk("", "stop"), usage, DONE];

  it("is asked for on our own account, counted, and kept from a client that did not ask", async () => {
    const before = await plane.metric("gatehouse_tokens_total", { type: "output" });
    upstream.answer(pieces(...body));
    const { text } = await streamed({ model: "usage" });
    expect(JSON.parse(upstream.received[0]!.body).stream_options).toEqual({ include_usage: true });
    expect(text).toBe(chunk("a") + chunk("", "stop") + DONE);
    expect(await plane.metric("gatehouse_tokens_total", { type: "output" })).toBe(before + 4);
  });

  it("is kept out of the middle of a read that holds other events", async () => {
    upstream.answer(pieces(body.join("")));
    expect((await streamed({ model: "usage" })).text).toBe(chunk("a") + chunk("", "stop") + DONE);
  });

  it("reaches a client that asked", async () => {
    upstream.answer(pieces(...body));
    expect((await streamed({ model: "usage", stream_options: { include_usage: true } })).text).toBe(body.join(""));
  });

  it("is not asked for at servers that may refuse the field", async () => {
    upstream.answer(pieces(chunk("", "stop"), DONE));
    await streamed();
    expect(JSON.parse(upstream.received[0]!.body)).not.toHaveProperty("stream_options");
  });
});

describe("a client that leaves", () => {
  const moments: Record<string, Behaviour> = {
    "before the headers": () => {},
    "after the headers, before the first frame": (_, response) => {
      eventStream(response);
      response.flushHeaders();
    },
    "between frames, while the provider is silent": (_, response) => {
      eventStream(response);
      response.write(chunk("a"));
    },
    "in the middle of a frame": (_, response) => {
      eventStream(response);
      response.write(chunk("a") + chunk("b").slice(0, 20));
    },
    "while frames keep coming": async (request, response) => {
      eventStream(response);
      const timer = setInterval(() => response.write(chunk("a")), 5);
      await request.closed;
      clearInterval(timer);
    },
  };

  it.each(Object.entries(moments))("%s: the provider's connection closes within 100 ms", async (_, behaviour) => {
    const left = await plane.metric("gatehouse_requests_total", { status: "499" });
    const seen = Promise.withResolvers<void>();
    upstream.answer((request, response) => {
      seen.resolve();
      return behaviour(request, response);
    });
    const controller = new AbortController();
    const answer = plane.chat({ stream: true }, { signal: controller.signal }).then((response) => response.text());
    answer.catch(() => {}); // it is aborted, that is the point
    await seen.promise;
    await sleep(60);
    const leftAt = performance.now();
    controller.abort();
    const closedAt = await upstream.received[0]!.closed;
    expect(closedAt - leftAt).toBeLessThan(100);
    await sleep(20);
    expect(await plane.metric("gatehouse_requests_total", { status: "499" })).toBe(left + 1);
  });

  it("has its whole answer cancelled as well", async () => {
    const seen = Promise.withResolvers<void>();
    upstream.answer(() => seen.resolve());
    const controller = new AbortController();
    plane.chat({}, { signal: controller.signal }).catch(() => {});
    await seen.promise;
    const leftAt = performance.now();
    controller.abort();
    expect((await upstream.received[0]!.closed) - leftAt).toBeLessThan(100);
  });

  it("counts as complete when it closes at the terminal event, and the provider's connection is kept", async () => {
    const complete = await plane.metric("gatehouse_requests_total", { status: "200" });
    const end = Promise.withResolvers<void>();
    upstream.answer(async (_, response) => {
      eventStream(response);
      response.write(chunk("", "stop") + DONE);
      await end.promise;
      response.end();
    });
    const controller = new AbortController();
    const response = await plane.chat({ stream: true }, { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    await sleep(50);
    end.resolve();
    await sleep(50);
    expect(await plane.metric("gatehouse_requests_total", { status: "200" })).toBe(complete + 1);
  });
});

describe("back-pressure", () => {
  it("a client that does not read stops the provider, within a bound", async () => {
    let written = 0;
    upstream.answer(async (request, response) => {
      eventStream(response);
      const big = chunk("x".repeat(16_000));
      let gone = false;
      request.closed.then(() => {
        gone = true;
      });
      while (!gone && written < 200_000_000) {
        written += big.length;
        if (!response.write(big)) {
          const drained = new Promise((resolve) => response.once("drain", resolve));
          await Promise.race([drained, request.closed]);
        }
      }
    });
    const controller = new AbortController();
    const response = await plane.chat({ stream: true, model: "usage" }, { signal: controller.signal });
    await sleep(500);
    const settled = written;
    await sleep(300);
    expect(written).toBe(settled);
    expect(written).toBeLessThan(40_000_000); // kernel buffers of three sockets, not the stream
    controller.abort();
    await response.text().catch(() => {});
  });
});

describe("a whole answer", () => {
  it("passes byte for byte, with who answered and how long the gateway took", async () => {
    const body = `  ${JSON.stringify(completion("hi", { big: 1 }), null, 1).replace('"big": 1', '"big": 12345678901234567890')}\n`;
    upstream.answer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(body);
    });
    const response = await plane.chat();
    expect(await response.text()).toBe(body);
    expect(response.headers.get("x-gatehouse-target")).toBe("main/stub-model");
    expect(response.headers.get("x-gatehouse-attempts")).toBe("1");
    expect(response.headers.get("x-gatehouse-call-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(Number(response.headers.get("x-gatehouse-overhead-ms"))).toBeLessThan(50);
  });

  it("goes to the provider with its own model name and key, and everything else as the client wrote it", async () => {
    upstream.answer((_, response) => json(response, completion("hi")));
    await fetch(`${plane.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer gate_test", "content-type": "application/json" },
      body: '{ "seed": 12345678901234567890, "messages":[{"role":"user","content":"hi"}], "model" : "m", "made_up": [1, 2] }',
    });
    const [request] = upstream.received;
    expect(request!.body).toBe(
      '{ "seed": 12345678901234567890, "messages":[{"role":"user","content":"hi"}], "model" : "stub-model", "made_up": [1, 2] }',
    );
    expect(request!.headers.authorization).toBe("Bearer sk-upstream-secret");
    expect(request!.path).toBe("/v1/chat/completions");
  });
});
