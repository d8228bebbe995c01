/** One process at a time on a data folder. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes the folder until the function it returns is called or the process ends, however it ends. Throws, naming the other
 * process, when it is taken.
 *
 * The lock is SQLite's on an otherwise empty file: the kernel gives it up with the process, so there is no stale lock to
 * judge. A file with a process id cannot tell one container's process 1 from another's.
 */
export function lockDataFolder(dataDir: string): () => void {
  const path = join(dataDir, "lock");
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    // Process ids go into the file's own header, for the message; the second transaction stays open and is the lock.
    file.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE;`);
  } catch (error) {
    const holder = file.prepare("PRAGMA user_version").get() as { user_version: number } | undefined;
    file.close();
    if (!isBusy(error)) throw new Error(`The data folder ${dataDir} cannot be locked.`, { cause: error });
    throw new Error(
      `Another gatehouse (process ${holder?.user_version}) uses the data folder ${dataDir}. Stop it first, give this one ` +
        "a folder of its own (GATEHOUSE_DATA_DIR), or share a Postgres between them (DATABASE_URL).",
    );
  }
  return () => file.close();
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === SQLITE_BUSY;
}
