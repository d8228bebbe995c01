import type { Frame } from "../protocol/frame.ts";
import type { Usage } from "../protocol/openai.ts";
import type { Outcome } from "./outcome.ts";

/** Who answered. */
export interface Source {
  /** `provider/model` of the target that answered. */
  readonly target: string;
  readonly provider: string;
  readonly attempts: number;
}

export type Answer = WholeAnswer | StreamAnswer;

export interface WholeAnswer {
  readonly kind: "whole";
  readonly source: Source;
  readonly completion: Completion;
  readonly outcome: Promise<Outcome>;
}

export interface StreamAnswer {
  readonly kind: "stream";
  readonly source: Source;
  readonly frames: AsyncIterable<Frame>;
  /** Server-sent events when absent. */
  readonly contentType?: string | undefined;
  readonly outcome: Promise<Outcome>;
}

/** A whole answer in the endpoint's own form, as bytes or text ready to be sent. */
export interface Completion {
  /** JSON when absent. */
  readonly contentType?: string;
  readonly body: Uint8Array | string;
  readonly usage: Usage | undefined;
  /** What the target turned out not to honour, besides what was known before it was asked. */
  readonly dropped?: readonly string[];
}
