import { Redis } from "ioredis";
import pg from "pg";
import { expect, test } from "vitest";
import { describeWith } from "./services/describe-with.ts";
import { postgres } from "./services/postgres.ts";
import { prometheus } from "./services/prometheus.ts";
import { redis, redisQuery } from "./services/redis.ts";

const LIMIT = 20_000;

await describeWith({ postgres }, "a real Postgres", ({ postgres: shared }) => {
  test("answers and says its version", async () => {
    const [row] = await rows(shared.url, "SELECT version()");
    expect(row?.version).toMatch(/^PostgreSQL \d\d/);
  });

  test("gives every suite an empty database of its own", async () => {
    const [one, other] = [await shared.freshDatabase(), await shared.freshDatabase()];
    await rows(one, "CREATE TABLE here (id int)");
    const tables = "SELECT 1 FROM pg_tables WHERE tablename = 'here'";
    expect([(await rows(one, tables)).length, (await rows(other, tables)).length]).toEqual([1, 0]);
  });

  test("is one server for all suites of a run", async () => {
    const again = await postgres();
    expect(again?.url).toBe(shared.url);
  });
});

await describeWith({ postgres: () => postgres({ alone: true }) }, "a Postgres of one's own", ({ postgres: own }) => {
  test.skipIf(!own.faults)(
    "keeps what was committed when it is killed and started again",
    { timeout: LIMIT },
    async () => {
      const database = await own.freshDatabase();
      await rows(database, "CREATE TABLE kept AS SELECT 42 AS answer");
      await own.faults?.kill();
      await expect(rows(database, "SELECT 1")).rejects.toThrow();
      await own.faults?.restart();
      expect(await rows(database, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    },
  );
});

await describeWith({ redis }, "a real Redis 8", ({ redis: server }) => {
  test("answers, is at least version 8 and has vector sets", async () => {
    await withClient(server.url, async (client) => {
      expect(await client.ping()).toBe("PONG");
      expect(Number(/redis_version:(\d+)/.exec(await client.info("server"))?.[1])).toBeGreaterThanOrEqual(8);
      expect(await client.call("VADD", "services:set", "VALUES", "2", "0.6", "0.8", "one")).toBe(1);
    });
  });

  test.skipIf(server.source === "environment")("has no Query Engine", async () => {
    await withClient(server.url, async (client) => {
      expect(await client.call("COMMAND", "INFO", "FT.SEARCH")).toEqual([null]);
    });
  });

  test.skipIf(!server.faults)("comes back empty at the same address after it was killed", async () => {
    await withClient(server.url, (client) => client.set("services:lost", "1"));
    await server.faults?.kill();
    await server.faults?.restart();
    expect(await withClient(server.url, (client) => client.get("services:lost"))).toBeNull();
  });
});

await describeWith({ redisQuery }, "a real Redis 8 with the Query Engine", ({ redisQuery: server }) => {
  test("indexes vectors and keeps vector sets", async () => {
    await withClient(server.url, async (client) => {
      const vector = "SCHEMA vec VECTOR FLAT 6 TYPE FLOAT32 DIM 2 DISTANCE_METRIC COSINE".split(" ");
      await client.call("FT.CREATE", "services:index", "ON", "HASH", "PREFIX", "1", "services:doc:", ...vector);
      const bytes = Buffer.from(Float32Array.of(0.6, 0.8).buffer);
      await client.hset("services:doc:one", { vec: bytes });
      const nearest = ["*=>[KNN 1 @vec $b AS d]", "PARAMS", "2", "b", bytes, "DIALECT", "2"] as const;
      const found = await client.call("FT.SEARCH", "services:index", ...nearest);
      expect(JSON.stringify(found)).toContain("services:doc:one");
      await client.call("FT.DROPINDEX", "services:index", "DD");
      expect(await client.call("VADD", "services:set", "VALUES", "2", "0.6", "0.8", "one")).toBe(1);
      await client.del("services:set");
    });
  });
});

const RULES = "groups: [{ name: own, rules: [{ record: one, expr: vector(1) }] }]";
const CONFIG = 'global: { evaluation_interval: 100ms }\nrule_files: ["rules.yml"]';
const ownPrometheus = () => prometheus(CONFIG, { "rules.yml": RULES });

await describeWith({ prometheus: ownPrometheus }, "a real Prometheus", ({ prometheus: server }) => {
  test("is ready", async () => {
    expect((await fetch(`${server.url}/-/ready`)).status).toBe(200);
  });

  test.skipIf(server.source === "environment")("runs with the configuration and the rules it was given", async () => {
    const value = async () => {
      const answer = await fetch(`${server.url}/api/v1/query?query=one`);
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length;
    };
    await expect.poll(value, { timeout: LIMIT / 2, interval: 50 }).toBe(1);
  });
});

async function rows(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}
