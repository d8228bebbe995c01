/** The thread that embeds; started by `thread.ts`. It answers one batch after the other. */
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import type { Batch } from "./batch.ts";
import { loadModel } from "./embed.ts";

/** Where cores are few, the thread that all calls pass through goes first; this one still has a third of its weight. */
const NICENESS = 5;

// Elsewhere than on Linux it would be the priority of the whole process.
if (process.platform === "linux") setPriority(NICENESS);

const embed = loadModel();
parentPort!.on("message", (batch: Batch) => {
  const answer = embed(batch);
  parentPort!.postMessage(
    answer,
    answer.map(({ json }) => json.buffer),
  );
});
