import { Roster, type Rostered } from "./roster.ts";

/**
 * Time limits that are nearly always lifted before they pass. Setting one costs an append and moving one an assignment;
 * node's timers cost a few microseconds a call more. The price: they are up to 50 ms late.
 */
export interface Deadline extends Rostered {
  /** On the clock of `performance.now()`; may be moved at any time, also to `Infinity`. */
  at: number;
  readonly passed: () => void;
}

const TICK_MS = 50;
const pending = new Roster<Deadline>();
let ticker: NodeJS.Timeout | undefined;

/** `passed` is called once when the time has come, unless the deadline was lifted by then. */
export function setDeadline(afterMs: number, passed: () => void): Deadline {
  const deadline: Deadline = { slot: -1, at: performance.now() + afterMs, passed };
  pending.add(deadline);
  ticker ??= setInterval(tick, TICK_MS);
  return deadline;
}

export function liftDeadline(deadline: Deadline | undefined): void {
  if (deadline) pending.delete(deadline);
}

/** Stops ticking when there is nothing to wait for: an idle gateway should not wake up. */
function tick(): void {
  const now = performance.now();
  for (const deadline of pending.snapshot()) {
    // One that passes may lift others, which are then no longer on the roster.
    if (deadline.at > now || deadline.slot < 0) continue;
    pending.delete(deadline);
    deadline.passed();
  }
  if (pending.size > 0) return;
  clearInterval(ticker);
  ticker = undefined;
}
