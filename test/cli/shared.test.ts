import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, type GatewayProcess, startGateway } from "../support/process.ts";
import { describeWith } from "../support/services/describe-with.ts";
import { postgres } from "../support/services/postgres.ts";
import { prometheus } from "../support/services/prometheus.ts";
import { redis } from "../support/services/redis.ts";

const PEPPER = "pepper-of-the-test-installation";
const ADMIN = "admin-token-of-the-test";
const METRICS = "metrics-token-of-the-test";

async function admin<T>(gateway: GatewayProcess, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(gateway.controlUrl + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

interface Created {
  readonly id: string;
  readonly key: string;
}

await describeWith({ postgres, redis }, "replicas and processes on one Postgres and one Redis", (services) => {
  let env: NodeJS.ProcessEnv;
  let first: GatewayProcess;
  let second: GatewayProcess;

  beforeAll(async () => {
    env = {
      DATABASE_URL: await services.postgres.freshDatabase(),
      REDIS_URL: services.redis.url,
      GATEHOUSE_PEPPER: PEPPER,
      GATEHOUSE_ADMIN_TOKEN: ADMIN,
    };
    // At once, on an empty database: both migrate, one makes the first key.
    [first, second] = await Promise.all([startGateway({ env }), startGateway({ env, args: ["--workers", "2"] })]);
  });
  afterAll(async () => {
    await first.stop();
    await second.stop();
  });

  it("make one first key between them, and it opens both", async () => {
    const keys = [first.key, second.key].filter((key) => key !== undefined);
    expect(keys).toHaveLength(1);
    for (const gateway of [first, second]) expect((await ask(gateway.url, keys[0]!)).status).toBe(200);
  });

  it("accept a new key at once where it was made, and refuse a revoked one within a second everywhere", async () => {
    const { id, key } = await admin<Created>(second, "POST", "/admin/v1/keys", { name: "everywhere" });
    for (let call = 0; call < 20; call++) expect((await ask(second.url, key)).status).toBe(200);
    await sleep(1000);
    expect((await ask(first.url, key)).status).toBe(200);
    await admin(first, "DELETE", `/admin/v1/keys/${id}`);
    const revokedAt = performance.now();
    expect((await ask(first.url, key)).status).toBe(401);
    await sleep(Math.max(0, 1000 - (performance.now() - revokedAt)));
    for (let call = 0; call < 20; call++) expect((await ask(second.url, key)).status).toBe(401);
  });

  it("go on with the keys they know while Redis is away", async () => {
    const { id, key } = await admin<Created>(first, "POST", "/admin/v1/keys", { name: "without redis" });
    await services.redis.faults?.kill();
    await sleep(1000);
    expect((await ask(second.url, key)).status).toBe(200);
    await admin(first, "DELETE", `/admin/v1/keys/${id}`);
    await sleep(1200);
    expect((await ask(second.url, key)).status).toBe(401);
    await services.redis.faults?.restart();
  });

  it("refuse to start with another pepper, and say what to do", async () => {
    const other = startGateway({ env: { ...env, GATEHOUSE_PEPPER: "another-pepper-entirely" } });
    await expect(other).rejects.toThrow(/Set GATEHOUSE_PEPPER to/);
  });

  it("spread calls over the processes, and speak for all of them", async () => {
    const { key } = await admin<Created>(second, "POST", "/admin/v1/keys", { name: "spread" });
    await Promise.all(Array.from({ length: 60 }, () => ask(second.url, key)));
    await sleep(100);
    const text = await (
      await fetch(`${second.controlUrl}/metrics`, { headers: { authorization: `Bearer ${ADMIN}` } })
    ).text();
    const total = [...text.matchAll(/^gatehouse_requests_total\{.*status="200".*\} (\d+)$/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
    expect(total).toBeGreaterThanOrEqual(60);
    expect(await admin(second, "GET", "/admin/v1/status")).toMatchObject({
      processes: 2,
      generation: 1,
      database: "postgres",
    });
  });

  it("start a process again that died, and lose no more than its own calls", async () => {
    const { key } = await admin<Created>(second, "POST", "/admin/v1/keys", { name: "after a crash" });
    const children = await childrenOf(second.child.pid!);
    expect(children).toHaveLength(2);
    process.kill(children[0]!, "SIGKILL");
    // Connections that were open to it break; a new one reaches another process.
    const patient = () =>
      ask(second.url, key)
        .catch(() => ask(second.url, key))
        .catch(() => ask(second.url, key));
    for (let call = 0; call < 10; call++) expect((await patient()).status).toBe(200);
    for (let tries = 0; tries < 100 && (await childrenOf(second.child.pid!)).length < 2; tries++) await sleep(50);
    expect(await childrenOf(second.child.pid!)).toHaveLength(2);
  });

  it("stay under 150 MB a process when idle", async () => {
    const idle = await startGateway({ env });
    let memoryMb = Number.POSITIVE_INFINITY;
    for (let second = 0; second < 5; second++) {
      await sleep(1000);
      memoryMb = Math.min(memoryMb, await idle.memoryMb());
    }
    console.log(`idle, shared services: ${Math.round(memoryMb)} MB`);
    await idle.stop();
    expect(memoryMb).toBeLessThan(150);
  });

  it("stop all of their processes on one signal", async () => {
    const children = await childrenOf(second.child.pid!);
    expect(await second.stop()).toBe(0);
    for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
  });
});

await describeWith({ postgres, redis }, "a reload of several processes", (services) => {
  it("is one step for the control plane, and a mistake stops none of them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
    const file = join(folder, "gatehouse.yaml");
    const config = (extra: string) => `providers: { d: { kind: demo } }\nmodels: { m: { route: d/x }${extra} }\n`;
    await writeFile(file, config(""));
    const env = {
      DATABASE_URL: await services.postgres.freshDatabase(),
      REDIS_URL: services.redis.url,
      GATEHOUSE_ADMIN_TOKEN: ADMIN,
    };
    const gateway = await startGateway({ env, args: ["--workers", "2", "--config", file], dataDir: folder });
    expect((await ask(gateway.url, gateway.key!, { model: "n" })).status).toBe(404);
    await writeFile(file, config(", n: { route: d/x }"));
    for (let tries = 0; tries < 60; tries++) {
      if ((await admin<{ generation: number }>(gateway, "GET", "/admin/v1/status")).generation === 2) break;
      await sleep(50);
    }
    for (let call = 0; call < 10; call++)
      expect((await ask(gateway.url, gateway.key!, { model: "n" })).status).toBe(200);
    await writeFile(file, "listne: {}");
    const refused = await admin<{ error: { message: string } }>(gateway, "POST", "/admin/v1/config/reload");
    expect(refused.error.message).toContain("did you mean 'listen'");
    expect((await ask(gateway.url, gateway.key!, { model: "n" })).status).toBe(200);
    await gateway.stop();
    await rm(folder, { recursive: true });
  });
});

let scraped: GatewayProcess;
const watching = async () => {
  scraped = await startGateway({ env: { GATEHOUSE_METRICS_TOKEN: METRICS } });
  const config = `scrape_configs:\n  - job_name: gatehouse\n    scrape_interval: 200ms\n    authorization: { credentials: ${METRICS} }\n    static_configs: [{ targets: ["${new URL(scraped.controlUrl).host}"] }]\n`;
  return prometheus(config);
};

await describeWith({ prometheus: watching }, "a real Prometheus that scrapes the gateway", (services) => {
  afterAll(() => scraped.stop());

  it("reads every metric, with the token that opens nothing else", async () => {
    await ask(scraped.url, scraped.key!);
    await (await ask(scraped.url, scraped.key!, { stream: true, max_tokens: 3 })).text();
    await ask(scraped.url, "wrong");
    const query = async (promql: string) => {
      const response = await fetch(`${services.prometheus.url}/api/v1/query?query=${encodeURIComponent(promql)}`);
      return ((await response.json()) as { data: { result: { value: [number, string] }[] } }).data.result;
    };
    // A scrape may fall between two of the calls: the next one has seen them all.
    const answers = async (promql: string) => {
      for (let tries = 0; tries < 100; tries++) {
        if ((await query(promql)).length > 0) return true;
        await sleep(100);
      }
      return false;
    };
    for (const metric of [
      'sum(gatehouse_requests_total{status="200"}) == 2',
      'gatehouse_refused_total{reason="invalid_api_key"} == 1',
      "sum(gatehouse_inflight_requests) == 0",
      "gen_ai_server_request_duration_seconds_count > 0",
      "gen_ai_server_time_to_first_token_seconds_count == 1",
      'gatehouse_overhead_seconds_bucket{le="+Inf"} == 2',
      "histogram_quantile(0.5, gatehouse_overhead_seconds_bucket) >= 0",
      'gatehouse_tokens_total{type="output"} > 3',
      'gatehouse_attempts_total{result="ok"} == 2',
      "gatehouse_config_generation == 1",
      "nodejs_eventloop_lag_p99_seconds >= 0",
    ]) {
      expect([metric, await answers(metric)]).toEqual([metric, true]);
    }
    const other = await fetch(`${scraped.controlUrl}/admin/v1/keys`, {
      headers: { authorization: `Bearer ${METRICS}` },
    });
    expect(other.status).toBe(401);
  });
});

async function childrenOf(pid: number): Promise<number[]> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}
