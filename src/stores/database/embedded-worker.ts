/** The thread that runs the embedded database and serves it on a local socket; started by `embedded.ts`. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { openPglite } from "./pglite.ts";

export interface EmbeddedWorkerData {
  readonly databaseDir: string;
  /** A Unix socket; without it, a free port of 127.0.0.1. */
  readonly socketPath: string | undefined;
}

export type EmbeddedWorkerNews = { readonly listening: string } | { readonly closed: true };

const STOP_WAIT_MS = 500;

const { databaseDir, socketPath } = workerData as EmbeddedWorkerData;
const db = await openPglite(databaseDir);
// One client is all that is expected. A connection above the server's limit would never be given back, so there is none.
const server = new PGLiteSocketServer({
  db,
  maxConnections: Number.MAX_SAFE_INTEGER,
  ...(socketPath === undefined ? { host: "127.0.0.1", port: 0 } : { path: socketPath }),
});
await server.start();

parentPort!.once("message", async () => {
  // It waits for the other side of a connection that arrives at the last moment; the database need not.
  await Promise.race([server.stop(), sleep(STOP_WAIT_MS)]);
  await db.close();
  tell({ closed: true });
});
tell({ listening: server.getServerConn() });

function tell(news: EmbeddedWorkerNews): void {
  parentPort!.postMessage(news);
}
