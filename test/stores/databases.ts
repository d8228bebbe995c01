/** Databases for tests, empty and thrown away after. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../src/stores/database/open.ts";

export async function embeddedDatabase(): Promise<Database> {
  const dataDir = await temporaryFolder();
  const database = await openDatabase({ dataDir });
  const close = async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...database, close };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "gatehouse-test-"));
}
