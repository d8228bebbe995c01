import { EventSplitter } from "../../protocol/sse.ts";

/** Whole events, or a part of one that is too long to be held; what the stream's end left without its blank line is `rest` or `cut`. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly is: "events" | "begin" | "middle" | "end" | "rest" | "cut";
}

/** An event that is longer goes on in pieces. */
const MAX_HELD_BYTES = 64 * 1024;

/** Cuts a stream into runs of whole events like `EventSplitter`, but for long events, of which nothing is held. */
export class EventPieces {
  #splitter = new EventSplitter();
  #held = 0;
  /** The last bytes of a long event that is going on: its end may lie across two chunks. */
  #before: Buffer | undefined;

  *push(chunk: Uint8Array): Generator<Piece, void> {
    if (this.#before) {
      const cut = this.#endOfLong(this.#before, chunk);
      if (cut === 0) return yield { bytes: chunk, is: "middle" };
      yield { bytes: chunk.subarray(0, cut), is: "end" };
      if (cut === chunk.length) return;
      chunk = chunk.subarray(cut);
    }
    const whole = this.#splitter.push(chunk);
    this.#held = this.#held + chunk.length - (whole?.length ?? 0);
    if (whole) yield { bytes: whole, is: "events" };
    if (this.#held > MAX_HELD_BYTES) {
      const begun = this.#splitter.flush()!;
      this.#held = 0;
      this.#before = Buffer.from(begun.subarray(-3));
      yield { bytes: begun, is: "begin" };
    }
  }

  *end(): Generator<Piece, void> {
    const rest = this.#splitter.flush();
    if (rest) yield { bytes: rest, is: "rest" };
    if (this.#before) yield { bytes: new Uint8Array(0), is: "cut" };
  }

  /** Where in this chunk the long event ends, 0 when it goes on. */
  #endOfLong(before: Buffer, chunk: Uint8Array): number {
    const joined = Buffer.concat([before, chunk]);
    const ends = BLANK_LINES.map((blank) => ({ at: joined.indexOf(blank), length: blank.length })).filter(
      ({ at }) => at >= 0,
    );
    const [first] = ends.sort((a, b) => a.at - b.at);
    this.#before = first ? undefined : Buffer.from(joined.subarray(-3));
    return first ? first.at + first.length - before.length : 0;
  }
}

const BLANK_LINES = ["\n\n", "\r\n\r\n", "\r\r", "\n\r\n"].map((text) => Buffer.from(text));
