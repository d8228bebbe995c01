import type { JsonObject } from "../protocol/json.ts";

/** What a request says about the form of its answer, as far as that can be checked: JSON that has to fit a schema. */
export interface AnswerForm {
  /**
   * The pieces of JSON in a whole answer. None of what was cut off or refused: nothing was promised of that; nor of what
   * the target had already said it would not honour (`dropped`).
   */
  pieces(answer: JsonObject, dropped: readonly string[]): readonly Piece[];
  /** Puts a stream's events together into the whole answer that they amount to. */
  gather(): Gathering;
}

export interface Piece {
  /** For people: `choices[0].message.content`. */
  readonly path: string;
  readonly text: string;
  /** Undefined where any JSON object will do. */
  readonly schema: JsonObject | undefined;
}

export interface Gathering {
  add(event: unknown): void;
  /** Undefined for an answer that was too long to keep. */
  answer(): JsonObject | undefined;
}

/** How an answer's form was found. */
export interface FormNote {
  readonly result: "fits" | "misfits" | "unchecked";
  readonly why?: string;
}
