import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepLogShort } from "../../../src/stores/database/checkpoints.ts";
import { openDatabase } from "../../../src/stores/database/open.ts";
import { temporaryFolder } from "../databases.ts";
import { eventually } from "../eventually.ts";

let made: string;
const folders: string[] = [];

beforeAll(async () => {
  made = await temporaryFolder();
  await (await openDatabase({ dataDir: made })).close();
});

afterAll(async () => {
  for (const folder of [made, ...folders]) await rm(folder, { recursive: true, force: true });
});

/** A folder with a database that nobody uses: a copy, as making one takes seconds. */
async function dataFolder(): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  await cp(made, folder, { recursive: true });
  return folder;
}

describe("the embedded database", () => {
  test("what was written is there after closing and opening again", async () => {
    const dataDir = await dataFolder();
    const first = await openDatabase({ dataDir });
    await first.pool.query("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");
    await first.close();
    const second = await openDatabase({ dataDir });
    const { rows } = await second.pool.query("SELECT count(*)::int AS count FROM kept");
    expect(rows).toEqual([{ count: 1000 }]);
    await second.close();
  });

  test("closing waits for queries under way, and leaves no socket and no lock", async () => {
    const dataDir = await dataFolder();
    const { pool, close } = await openDatabase({ dataDir });
    const query = pool.query("SELECT pg_sleep(0.3), 7 AS answer");
    await sleep(100);
    await close();
    expect((await query).rows[0]).toMatchObject({ answer: 7 });
    expect(await readdir(dataDir)).toEqual(expect.not.arrayContaining(["socket"]));
    await (await openDatabase({ dataDir })).close();
  });

  test("nobody but its owner can open the files or the socket", async () => {
    const dataDir = await dataFolder();
    const { close } = await openDatabase({ dataDir });
    for (const folder of ["postgres", "socket"]) {
      expect((await stat(join(dataDir, folder))).mode & 0o077).toBe(0);
    }
    await close();
  });

  test("a data folder too deep for a socket's path works", async () => {
    const shallow = await dataFolder();
    const dataDir = join(shallow, "deep".repeat(20), "deeper".repeat(10));
    await mkdir(dataDir, { recursive: true });
    await cp(join(shallow, "postgres"), join(dataDir, "postgres"), { recursive: true });
    const { pool, close } = await openDatabase({ dataDir });
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await close();
  });

  test("an unfinished database of a start that was cut short is cleared away", async () => {
    const dataDir = await temporaryFolder();
    folders.push(dataDir);
    const leftover = join(dataDir, "postgres.unfinished-abc123");
    await mkdir(leftover);
    await writeFile(join(leftover, "PG_VERSION"), "18\n");
    await (await openDatabase({ dataDir })).close();
    expect((await readdir(dataDir)).sort()).toEqual(["lock", "postgres"]);
  });

  test("a second opening of a folder is refused, in this process and in another, and says who has it", async () => {
    const dataDir = await dataFolder();
    const { close } = await openDatabase({ dataDir });
    const refusal = openDatabase({ dataDir });
    await expect(refusal).rejects.toThrow(`process ${process.pid}`);
    await expect(refusal).rejects.toThrow(/GATEHOUSE_DATA_DIR|DATABASE_URL/);
    const other = startWriter(dataDir, "pipe");
    let complaint = "";
    other.stderr!.on("data", (text) => {
      complaint += text;
    });
    expect(await once(other, "close")).toEqual([1, null]);
    expect(complaint).toContain(`Another gatehouse (process ${process.pid}) uses the data folder`);
    await close();
  });

  test("a process killed while it writes loses nothing it had committed, and leaves its folder free", async () => {
    const dataDir = await dataFolder();
    for (let kill = 1; kill <= 3; kill++) {
      const before = await count(dataDir);
      const writer = startWriter(dataDir, "inherit");
      let told = 0;
      writer.on("message", (n) => {
        told = n as number;
      });
      await eventually(() => told >= 100 * kill, 20_000);
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const rows = (await count(dataDir)) - before;
      expect(rows).toBeGreaterThanOrEqual(told);
      expect(rows).toBeLessThanOrEqual(told + 2); // one committed but not told, one told but not read
    }
  });

  test("the log on disk stays short", async () => {
    const dataDir = await dataFolder();
    const { pool, close } = await openDatabase({ dataDir });
    const failures: unknown[] = [];
    const stop = keepLogShort(pool, (error) => failures.push(error), 50);
    await pool.query("CREATE TABLE much (filling text)");
    for (let i = 0; i < 40; i++) {
      await pool.query("INSERT INTO much SELECT repeat('x', 1000) FROM generate_series(1, 8000)");
    }
    const log = await readdir(join(dataDir, "postgres", "pg_wal"));
    expect(log.filter((name) => /^[0-9A-F]{24}$/.test(name)).length).toBeLessThanOrEqual(8); // 128 MB of the 400 written
    expect(failures).toEqual([]);
    stop();
    await close();
  });

  test("clients that break off do not stop it", async () => {
    const dataDir = await dataFolder();
    const { pool, close } = await openDatabase({ dataDir });
    for (let i = 0; i < 10; i++) {
      const stranger = createConnection(join(dataDir, "socket", ".s.PGSQL.5432"));
      await once(stranger, "connect");
      stranger.write(Buffer.from("not the protocol at all"));
      stranger.destroy();
    }
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await close();
  });

  test("files of another version, or damaged ones, are an error that says what Postgres said, and the folder is free again", async () => {
    const dataDir = await dataFolder();
    const version = join(dataDir, "postgres", "PG_VERSION");
    const good = await readFile(version);
    await writeFile(version, "17\n");
    await expect(openDatabase({ dataDir })).rejects.toThrow(/initialized by PostgreSQL version 17/);
    await writeFile(version, good);
    const control = join(dataDir, "postgres", "global", "pg_control");
    const whole = await readFile(control);
    await writeFile(control, whole.subarray(0, 100));
    await expect(openDatabase({ dataDir })).rejects.toThrow(/pg_control.*Put a good copy/);
    await writeFile(control, whole);
    await (await openDatabase({ dataDir })).close();
  });

  test("a folder that cannot be written to is an error that names it", async () => {
    const file = join(await dataFolder(), "lock");
    await expect(openDatabase({ dataDir: join(file, "below") })).rejects.toThrow(file);
  });
});

function startWriter(dataDir: string, stderr: "pipe" | "inherit"): ChildProcess {
  return fork(new URL("./writer.ts", import.meta.url), [dataDir], {
    execArgv: [],
    stdio: ["ignore", "ignore", stderr, "ipc"],
  });
}

async function count(dataDir: string): Promise<number> {
  const { pool, close } = await openDatabase({ dataDir });
  try {
    const { rows } = await pool.query(
      "SELECT count(*)::int AS count, sum(length(filling))::int AS letters FROM written",
    );
    expect(rows[0].letters).toBe(rows[0].count * 2000);
    return rows[0].count;
  } catch (error) {
    if ((error as { code?: string }).code === "42P01") return 0; // no such table yet
    throw error;
  } finally {
    await close();
  }
}
