/** The thread that runs the embedded database and serves it on a local socket; started by `embedded.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { openPglite } from "./pglite.ts";

export interface EmbeddedWorkerData {
  readonly databaseDir: string;
  /** A Unix socket; without it, a free port of 127.0.0.1. */
  readonly socketPath: string | undefined;
}

export type EmbeddedWorkerNews = { readonly listening: string } | { readonly closed: true };

const { databaseDir, socketPath } = workerData as EmbeddedWorkerData;
const db = await openPglite(databaseDir);
// One client at a time, and room for the moment in which it replaces a connection it gave up.
const server = new PGLiteSocketServer({
  db,
  maxConnections: 4,
  ...(socketPath === undefined ? { host: "127.0.0.1", port: 0 } : { path: socketPath }),
});
await server.start();

parentPort!.once("message", async () => {
  await server.stop();
  await db.close();
  tell({ closed: true });
});
tell({ listening: server.getServerConn() });

function tell(news: EmbeddedWorkerNews): void {
  parentPort!.postMessage(news);
}
