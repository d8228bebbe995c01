/**
 * Reads HTTP/1.1 answers off one connection and holds every body byte against what was expected.
 * It knows only what the bench needs: content-length and chunked bodies, one answer at a time, status 200.
 */
type State = "head" | "fixed" | "size" | "data" | "gap" | "end";

const NOTHING = Buffer.alloc(0);
const LINE_FEED = 10;

/** What a body must be; where that depends on how it begins, a function of its first bytes. */
export type Expected = Buffer | ((start: Buffer) => Buffer);

export class AnswerReader {
  /** Body bytes of the present answer so far. */
  received = 0;
  /** True when the server said that it closes after this answer. */
  closes = false;
  private expected: Expected = NOTHING;
  private state: State = "head";
  private left = 0;
  private size = "";
  private held: Buffer = NOTHING;

  /** Begins the next answer, whose body must be `expected`. */
  expect(expected: Expected): void {
    this.expected = expected;
    this.received = 0;
    this.state = "head";
  }

  /** Takes `bytes[0..length)`; true when the answer ends with them. Throws where they are not what was expected. */
  feed(bytes: Buffer, length: number): boolean {
    let at = 0;
    if (this.state === "head") {
      if (this.held.length > 0) {
        bytes = Buffer.concat([this.held, bytes.subarray(0, length)]);
        length = bytes.length;
        this.held = NOTHING;
      }
      at = this.head(bytes, length);
    }
    while (at < length) {
      if (this.state === "fixed" || this.state === "data") at = this.body(bytes, at, length);
      else at = this.framing(bytes, at, length);
      if (this.state === "head") break;
    }
    if (this.state !== "head" || this.held.length > 0) return false;
    if (at < length) throw new Error(`${length - at} bytes came after the end of the answer`);
    return true;
  }

  private head(bytes: Buffer, length: number): number {
    const end = bytes.subarray(0, length).indexOf("\r\n\r\n");
    if (end < 0) {
      this.held = Buffer.from(bytes.subarray(0, length));
      return length;
    }
    const head = bytes.toString("latin1", 0, end);
    if (head.slice(9, 12) !== "200") {
      const answer = bytes.toString("utf8", 0, Math.min(length, 1000));
      throw new Error(`expected status 200, got: ${answer}`);
    }
    this.closes = /\r\nconnection: *close/i.test(head);
    this.left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    this.state = Number.isNaN(this.left) ? "size" : "fixed";
    this.size = "";
    return end + 4;
  }

  private body(bytes: Buffer, at: number, length: number): number {
    const taken = Math.min(this.left, length - at);
    const until = this.received + taken;
    if (typeof this.expected === "function") this.expected = this.expected(bytes.subarray(at, at + taken));
    if (until > this.expected.length || bytes.compare(this.expected, this.received, until, at, at + taken) !== 0) {
      const got = bytes.toString("utf8", at, Math.min(at + taken, at + 300));
      throw new Error(`after ${this.received} bytes the body is not what the upstream sent, it goes on: ${got}`);
    }
    this.received = until;
    this.left -= taken;
    if (this.left > 0) return at + taken;
    if (this.state === "fixed") this.finish();
    else {
      this.state = "gap";
      this.left = 2;
    }
    return at + taken;
  }

  /** The bytes of the chunked coding between the data: a size line before each chunk, a line end after it. */
  private framing(bytes: Buffer, at: number, length: number): number {
    if (this.state === "gap" || this.state === "end") {
      const taken = Math.min(this.left, length - at);
      this.left -= taken;
      if (this.left === 0) {
        if (this.state === "end") this.finish();
        else this.state = "size";
      }
      return at + taken;
    }
    while (at < length) {
      const byte = bytes[at++] as number;
      if (byte !== LINE_FEED) {
        this.size += String.fromCharCode(byte);
        continue;
      }
      this.left = Number.parseInt(this.size, 16);
      if (Number.isNaN(this.left)) throw new Error(`not a chunk size: ${JSON.stringify(this.size)}`);
      this.size = "";
      this.state = this.left === 0 ? "end" : "data";
      if (this.left === 0) this.left = 2;
      break;
    }
    return at;
  }

  private finish(): void {
    this.state = "head";
    if (this.received === this.expected.length) return;
    throw new Error(`the body has ${this.received} bytes where the upstream sent ${this.expected.length}`);
  }
}
