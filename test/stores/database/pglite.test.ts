import type * as fs from "node:fs";
import { rm } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { openPglite } from "../../../src/stores/database/pglite.ts";
import { temporaryFolder } from "../databases.ts";

const fsyncSync = vi.hoisted(() => vi.fn<typeof fs.fsyncSync>());
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  fsyncSync.mockImplementation(real.fsyncSync);
  return { ...real, fsyncSync };
});

test("every commit reaches the disk, and a disk that fails is told", async () => {
  const folder = await temporaryFolder();
  const db = await openPglite(folder);
  await db.exec("CREATE TABLE synced (n int)");
  fsyncSync.mockClear();
  for (let n = 0; n < 5; n++) await db.query("INSERT INTO synced VALUES ($1)", [n]);
  expect(fsyncSync.mock.calls.length).toBeGreaterThanOrEqual(5);
  fsyncSync.mockImplementationOnce(() => {
    throw new Error("EIO");
  });
  await expect(db.query("INSERT INTO synced VALUES (6)")).rejects.toThrow();
  await db.close().catch(() => {});
  await rm(folder, { recursive: true, force: true });
});
