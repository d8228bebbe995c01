/** Databases for tests, empty and thrown away after. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { type Database, openDatabase } from "../../src/stores/database/open.ts";

export interface TestDatabase extends Database {
  readonly dataDir: string;
  readonly url: string | undefined;
}

export async function embeddedDatabase(): Promise<TestDatabase> {
  const dataDir = await temporaryFolder();
  return withFolder(dataDir, undefined);
}

/** An empty database of its own on the server at `url`. */
export async function serverDatabase(url: string): Promise<TestDatabase> {
  return withFolder(await temporaryFolder(), await emptyDatabase(url));
}

/** The URL of a new database on the server at `url`; it goes when the server does. */
export async function emptyDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "gatehouse-test-"));
}

async function withFolder(dataDir: string, url: string | undefined): Promise<TestDatabase> {
  const database = await openDatabase({ url, dataDir });
  const close = async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...database, dataDir, url, close };
}
