/** In place of the model's thread: answers each text with itself, the thread's number and what the thread was given so far. */
import { parentPort, threadId } from "node:worker_threads";
import type { Batch } from "../../src/embedder/batch.ts";

let given = 0;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

parentPort!.on("message", (batch: Batch) => {
  given += batch.length;
  for (const { text } of batch) {
    if (text === "throw") throw new Error("thrown on purpose");
    if (text === "exit") process.exit(7);
    const ms = /^wait (\d+)/.exec(text)?.[1];
    if (ms !== undefined) Atomics.wait(sleeper, 0, 0, Number(ms));
  }
  const answer = batch.map(({ text, form }) => ({
    json: new TextEncoder().encode(JSON.stringify({ text, form, threadId, given, batch: batch.length })),
    tokens: text.length,
    cut: false,
  }));
  parentPort!.postMessage(answer);
});
