/** PGlite as we run it, in the process that makes a database and in the thread that serves one. */
import { fsyncSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

/** Throws with what Postgres said when the folder's files cannot be used. */
export async function openPglite(dataDir: string): Promise<PGlite> {
  const said: string[] = [];
  const onStderr = (line: string) => {
    const told = /\b(?:FATAL|PANIC|DETAIL|HINT): .*/.exec(line)?.[0];
    if (told && said.length < MAX_LINES) said.push(told);
    return true;
  };
  try {
    const startParams = [...PGlite.defaultStartParams.filter((one) => one !== NO_FSYNC), ...TUNING];
    const db = new PGlite({ dataDir, startParams, onStderr });
    await db.waitReady;
    reachTheDisk(db);
    return db;
  } catch (error) {
    const why = said.join(" ") || (error as Error).message;
    throw new Error(
      `The embedded database in ${dataDir} cannot be opened: ${why}. Put a good copy of the folder in its place; to begin ` +
        "with an empty database, move it away.",
      { cause: error },
    );
  }
}

const MAX_LINES = 5;
const NO_FSYNC = "-F";

const TUNING = Object.entries({
  fsync: "on",
  wal_sync_method: "fsync", // PGlite's fdatasync does nothing
  shared_buffers: "16MB", // measured: 130 MB less resident than with PGlite's 128 MB; the files are in the kernel's cache anyway
  max_wal_size: "64MB",
  min_wal_size: "32MB",
}).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** PGlite's file system has no fsync: what is committed would survive this process, but not a power cut. It asks for one if there is one. */
function reachTheDisk(db: PGlite): void {
  const { FS } = db.Module as unknown as EmscriptenModule;
  FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => {
    if (nfd === undefined) return; // a folder: opened in memory only
    try {
      fsyncSync(nfd);
    } catch {
      throw new FS.ErrnoError(EIO);
    }
  };
}

/** I/O error, as WASI numbers it: Postgres stops rather than trust the disk. */
const EIO = 29;

interface EmscriptenModule {
  readonly FS: {
    readonly ErrnoError: new (errno: number) => Error;
    readonly filesystems: { readonly NODEFS: { readonly stream_ops: { fsync?: (stream: { nfd?: number }) => void } } };
  };
}
