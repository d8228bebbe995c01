import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cleanEnv, cli, type GatewayProcess, run, startGateway } from "../support/process.ts";
import { chunk, DONE, eventStream, startUpstream } from "../support/upstream.ts";

const CANARY = "sk-canary-0123456789abcdef";

describe("a first start with nothing but this checkout", () => {
  let gateway: GatewayProcess;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "gatehouse-"));
    gateway = await startGateway({ dataDir });
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(dataDir, { recursive: true });
  });

  it("answers within 6 s, and says once where it is and how to get in", async () => {
    expect((await ask(gateway.url, gateway.key!)).status).toBe(200);
    console.log(`first start: answer after ${Math.round(gateway.startedInMs)} ms`);
    expect(gateway.startedInMs).toBeLessThan(6000);
    expect(gateway.output()).toMatch(/Providers\s+demo \(built in\)/);
    expect(gateway.key).toMatch(/^gate_/);
    expect(gateway.adminToken).toBeDefined();
  });

  it("prints a curl line that works as pasted", async () => {
    const line = /^ {2}(curl .*)$/m.exec(gateway.output())![1]!;
    const { code, stdout } = await run(["sh", "-c", line]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).choices[0].message.content).toContain("built-in demo model");
  });

  it("answers any model name, streamed too, clearly as a demo", async () => {
    const response = await ask(gateway.url, gateway.key!, { model: "gpt-4o", stream: true });
    const text = await response.text();
    expect(text).toContain("demo");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("stays under 400 MB idle", async () => {
    await sleep(1000);
    const memoryMb = await gateway.memoryMb();
    console.log(`idle, embedded: ${Math.round(memoryMb)} MB`);
    expect(memoryMb).toBeLessThan(400);
  });

  it("keeps its secrets to its owner, and the control plane to this machine and the token", async () => {
    const data = join(dataDir, "data");
    for (const file of ["pepper", "admin-token"]) expect((await stat(join(data, file))).mode & 0o077).toBe(0);
    expect((await stat(data)).mode & 0o077).toBe(0);
    expect(new URL(gateway.controlUrl).hostname).toBe("127.0.0.1");
    for (const path of ["/metrics", "/admin/v1/keys", "/admin/v1/status", "/anything"]) {
      expect((await fetch(gateway.controlUrl + path)).status).toBe(401);
      const asUser = await fetch(gateway.controlUrl + path, { headers: { authorization: `Bearer ${gateway.key}` } });
      expect(asUser.status).toBe(401);
    }
  });

  it("creates, lists and revokes keys from the command line", async () => {
    const env = cleanEnv({ GATEHOUSE_DATA_DIR: join(dataDir, "data"), GATEHOUSE_CONTROL_URL: gateway.controlUrl });
    const created = await run(cli("keys", "create", "my-app", "--team", "search", "--model", "demo"), { env });
    const key = created.stdout.trim();
    expect(key).toMatch(/^gate_/);
    expect((await ask(gateway.url, key)).status).toBe(200);
    expect((await ask(gateway.url, key, { model: "other" })).status).toBe(403);
    const id = key.split("_")[1]!;
    const listed = await run(cli("keys", "list"), { env });
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).not.toContain(key);
    await run(cli("keys", "revoke", id), { env });
    expect((await ask(gateway.url, key)).status).toBe(401);
    expect((await run(cli("keys", "list"), { env })).stdout).toMatch(new RegExp(`${id}.*revoked`));
  });

  it("refuses bad input of the control plane with the field's name", async () => {
    const post = (body: unknown) =>
      fetch(`${gateway.controlUrl}/admin/v1/keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.adminToken}` },
        body: JSON.stringify(body),
      });
    for (const [body, param] of [
      [{}, "name"],
      [{ name: "x", nmae: 1 }, "nmae"],
      [{ name: "x", expiresAt: "soon" }, "expiresAt"],
    ] as const) {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
    }
  });

  it("starts again within 3 s, knows its keys, and shows no secret", async () => {
    const { key } = gateway;
    await gateway.stop();
    gateway = await startGateway({ dataDir });
    expect((await ask(gateway.url, key!)).status).toBe(200);
    console.log(`second start: answer after ${Math.round(gateway.startedInMs)} ms`);
    expect(gateway.startedInMs).toBeLessThan(3000);
    expect([gateway.key, gateway.adminToken]).toEqual([undefined, undefined]);
    expect(gateway.output()).toContain("keys create");
  });

  it("is refused a second gateway on the same data folder, with a reason", async () => {
    await expect(startGateway({ dataDir })).rejects.toThrow(/already|another|in use/i);
  });
});

describe("secrets", () => {
  it("never reach output, errors, metrics or the disk, whatever happens to a call", async () => {
    const upstream = await startUpstream(({ headers }, response) => {
      // As some providers do: the key that was sent comes back in the error.
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${headers.authorization}` } }));
    });
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-"));
    const config = join(dataDir, "gatehouse.yaml");
    await writeFile(
      config,
      `providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1", apiKey: "\${CANARY}" } }\nmodels: { m: { route: p/x } }`,
    );
    const gateway = await startGateway({
      dataDir,
      args: ["--config", config],
      env: { CANARY, GATEHOUSE_LOG: "debug" },
    });
    const prompt = "canary-prompt-4711";
    const refused = await ask(gateway.url, gateway.key!, { model: "m", messages: [{ role: "user", content: prompt }] });
    const wrong = await ask(gateway.url, "gate_wrong-canary-key-1234567890", { model: "m" });
    const metrics = await fetch(`${gateway.controlUrl}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    });
    const seen = [await refused.text(), await wrong.text(), await metrics.text()];
    await sleep(400);
    await gateway.stop();
    await upstream.close();
    const printed = gateway.output().replaceAll(gateway.key!, "");
    for (const file of await readdir(join(dataDir, "data"), { recursive: true, withFileTypes: true })) {
      if (file.isFile() && !["pepper", "admin-token"].includes(file.name))
        seen.push(await readFile(join(file.parentPath, file.name), "latin1"));
    }
    for (const text of [printed, ...seen]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(prompt);
      expect(text).not.toContain("wrong-canary-key");
      expect(text).not.toContain(gateway.key!.split("_")[2]);
    }
    await rm(dataDir, { recursive: true });
  });
});

describe("stopping", () => {
  it("cuts no call under load, finishes streams, and ends within the drain limit", async () => {
    const upstream = await startUpstream(async (_, response) => {
      eventStream(response);
      for (let sent = 0; sent < 20; sent++) {
        response.write(chunk(`${sent} `));
        await sleep(40);
      }
      response.end(chunk("", "stop") + DONE);
    });
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-"));
    const config = join(dataDir, "gatehouse.yaml");
    await writeFile(
      config,
      `providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" }, demo: { kind: demo } }\nmodels: { m: { route: p/x }, demo: { route: demo/demo } }`,
    );
    const gateway = await startGateway({ dataDir, args: ["--config", config] });
    const counts = { whole: 0, streams: 0, refused: 0 };
    const cut: string[] = [];
    let stopping = false;
    const one = async (stream: boolean) => {
      let response: Response;
      try {
        response = await ask(gateway.url, gateway.key!, stream ? { model: "m", stream } : {});
      } catch (error) {
        // A connection that was never taken is no cut call; one that was taken and dropped is.
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        if (stopping && code === "ECONNREFUSED") counts.refused++;
        else cut.push(`${code}: ${error}`);
        return false;
      }
      const text = await response.text().catch((error) => `broken: ${error}`);
      if (response.status !== 200 || !(stream ? text.endsWith(DONE) : text.includes("demo")))
        cut.push(`${response.status} ${text.slice(-200)}`);
      counts[stream ? "streams" : "whole"]++;
      return true;
    };
    const keepAsking = async (stream: boolean) => {
      while (await one(stream));
    };
    const load = [
      ...Array.from({ length: 20 }, () => keepAsking(false)),
      ...Array.from({ length: 30 }, () => keepAsking(true)),
    ];
    await sleep(1200);
    const stoppedAt = performance.now();
    stopping = true;
    const code = await gateway.stop();
    const tookMs = performance.now() - stoppedAt;
    await Promise.all(load);
    await upstream.close();
    await rm(dataDir, { recursive: true });
    console.log(`stopped in ${Math.round(tookMs)} ms with ${JSON.stringify(counts)}`);
    expect(cut).toEqual([]);
    expect(code).toBe(0);
    expect(counts.streams).toBeGreaterThanOrEqual(30);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("tells streams that outlast the limit so, and does not call them done", async () => {
    const upstream = await startUpstream((_, response) => {
      eventStream(response);
      const timer = setInterval(() => response.write(chunk("more ")), 50);
      response.on("close", () => clearInterval(timer));
    });
    const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-"));
    const config = join(dataDir, "gatehouse.yaml");
    await writeFile(
      config,
      `drain: { limitMs: 500 }\nproviders: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }\nmodels: { m: { route: p/x } }`,
    );
    const gateway = await startGateway({ dataDir, args: ["--config", config] });
    const response = await ask(gateway.url, gateway.key!, { model: "m", stream: true });
    const text = response.text();
    await sleep(100);
    const code = await gateway.stop();
    expect(code).toBe(0);
    expect(await text).toContain("shutting_down");
    expect(await text).not.toContain("[DONE]");
    await upstream.close();
    await rm(dataDir, { recursive: true });
  });
});

describe("what cannot start says what to do", () => {
  it.each([
    [
      "several processes on embedded drivers",
      ["serve", "--workers", "2"],
      {},
      /--workers needs a shared Postgres and a shared Redis: set DATABASE_URL and REDIS_URL/,
    ],
    [
      "a configuration file that is not there",
      ["serve", "--config", "nope.yaml"],
      {},
      /There is no configuration file nope.yaml/,
    ],
    ["a bad variable", ["serve"], { GATEHOUSE_PORT: "many" }, /GATEHOUSE_PORT/],
    ["a bad port", ["serve", "--port", "99999"], {}, /A port is a number from 0 to 65535/],
    [
      "keys without a gateway",
      ["keys", "list"],
      { GATEHOUSE_ADMIN_TOKEN: "0123456789abcdef", GATEHOUSE_CONTROL_URL: "http://127.0.0.1:9" },
      /Nothing answers at .*Is the gateway running/,
    ],
    [
      "keys without a token",
      ["keys", "list"],
      { GATEHOUSE_DATA_DIR: "/nonexistent" },
      /No admin token: set GATEHOUSE_ADMIN_TOKEN/,
    ],
  ] as const)("%s", async (_, args, env, message) => {
    const { code, stderr } = await run(cli(...args), { env: cleanEnv(env) });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("config check names every mistake, and config schema prints JSON", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gatehouse-"));
    await writeFile(join(dir, "bad.yaml"), "listne: {}\n");
    const bad = await run(cli("config", "check", join(dir, "bad.yaml")));
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("did you mean 'listen'?")]);
    await writeFile(join(dir, "good.yaml"), "providers: { d: { kind: demo } }\nmodels: { m: { route: d/x } }\n");
    const good = await run(cli("config", "check", join(dir, "good.yaml")));
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining("1 provider, 1 model")]);
    expect(JSON.parse((await run(cli("config", "schema"))).stdout).title).toBe("Gatehouse configuration");
    await rm(dir, { recursive: true });
  });
});
