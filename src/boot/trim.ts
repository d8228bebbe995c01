import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives back what starting needed and serving does not: a collection as V8 makes it only when memory runs out. Called once,
 * before the first call (50 to 100 ms). It makes an idle process 25 MB smaller, and so room for a young generation in
 * which calls under load end before they are copied: a third of the garbage collector's time (measured).
 */
export function trimHeap(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: CollectOptions) => void;
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** Of V8's own `gc` function. */
interface CollectOptions {
  readonly type: "major";
  readonly execution: "sync";
  readonly flavor: "last-resort";
}
