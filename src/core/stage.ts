import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";

export type Next = (call: Call) => Promise<Answer>;
export type Stage = (call: Call, next: Next) => Promise<Answer>;

/** Wraps `last` in the stages, the first outermost. Each stage may call `next` as often as it has reason to. */
export function chain(stages: readonly Stage[], last: Next): Next {
  return stages.reduceRight<Next>((next, stage) => (call) => stage(call, next), last);
}
