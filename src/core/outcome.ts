import type { Usage } from "../protocol/openai.ts";
import type { GatewayError } from "./error.ts";

/** How an answer ended; resolves once, after the last byte, the client leaving, or a break; never rejects. */
export interface Outcome {
  readonly end: "complete" | "client-left" | "failed";
  /** Present when `end` is `failed`. */
  readonly error: GatewayError | undefined;
  readonly usage: Usage | undefined;
  /** From the call's arrival to the first frame handed on, in milliseconds; undefined when there was none. */
  readonly firstFrameMs: number | undefined;
  readonly totalMs: number;
  /** Frames handed on: 0 for a whole answer. */
  readonly frames: number;
}
