/** What passes between the pool and its threads. */

/** How a vector is written into an answer: a JSON list of numbers, or the little-endian floats in base64. */
export type Form = "float" | "base64";

/** A text to embed. */
export interface Piece {
  readonly text: string;
  readonly form: Form;
}

export interface Embedded {
  /** The vector in the form that was asked for, as JSON: written by the thread, so that the road only passes it on. */
  readonly json: Uint8Array<ArrayBuffer>;
  readonly tokens: number;
  /** The text was longer than the model reads. */
  readonly cut: boolean;
}

/** A thread's answer has as many entries as the batch, in its order. */
export type Batch = readonly Piece[];
export type BatchAnswer = readonly Embedded[];
