/** Server-sent events as bytes: splitting at event borders wherever the network cut them, and reading single events. */

export interface SseEvent {
  readonly event: string | undefined;
  /** The data lines joined with LF. */
  readonly data: string;
  /** The data as JSON; undefined when it is none (for example `[DONE]`). */
  readonly json: unknown;
}

/** A stream that is no longer SSE we can carry: one event longer than `MAX_EVENT_BYTES`. */
export class SseError extends Error {
  override readonly name = "SseError";
}

/** Bound on what one unfinished event may hold in memory: 8 MB carries an image in one event. */
export const MAX_EVENT_BYTES = 8 * 1024 * 1024;

const LF = 10;
const CR = 13;

/** Cuts a byte stream into runs of whole events. Not a parser: every byte comes out again, in order, unchanged. */
export class EventSplitter {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** Whole events so far unseen, or undefined while the current one is unfinished. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#pendingBytes === 0) {
      const cut = endOfLastEvent(chunk);
      if (cut === chunk.length) return chunk;
      if (cut === 0) return this.#hold(chunk);
      this.#hold(chunk.subarray(cut));
      return chunk.subarray(0, cut);
    }
    // A blank line may lie across the border of two chunks: look from three bytes before it (CR LF CR | LF).
    const before = tailOf(this.#pending, 3);
    const cut = endOfLastEvent(Buffer.concat([before, chunk])) - before.length;
    if (cut <= 0) return this.#hold(chunk);
    const whole = Buffer.concat([...this.#pending, chunk.subarray(0, cut)]);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (cut < chunk.length) this.#hold(chunk.subarray(cut));
    return whole;
  }

  /** What is left when the stream ends: an event without its blank line, or a truncated one. */
  flush(): Uint8Array | undefined {
    if (this.#pendingBytes === 0) return undefined;
    const rest = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return rest;
  }

  #hold(chunk: Uint8Array): undefined {
    if (chunk.length === 0) return undefined;
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes > MAX_EVENT_BYTES) throw new SseError(`An event is longer than ${MAX_EVENT_BYTES} bytes.`);
    this.#pending.push(chunk);
    return undefined;
  }
}

/** The events in whole-event bytes; comments and unknown fields are skipped, events without data left out. */
export function eventsOf(bytes: Uint8Array): SseEvent[] {
  const text = decoder.decode(bytes);
  const events: SseEvent[] = [];
  let event: string | undefined;
  let data: string | undefined;
  const finish = () => {
    if (data !== undefined && data !== "") events.push({ event, data, json: parseJson(data) });
    event = undefined;
    data = undefined;
  };
  for (const line of text.split(LINE_END)) {
    if (line === "") finish();
    else if (line.startsWith("data")) data = append(data, fieldValue(line, 4));
    else if (line.startsWith("event")) event = fieldValue(line, 5) ?? event;
  }
  finish();
  return events;
}

/** Whole events of a byte stream, one by one; the last may lack its blank line. */
export async function* sseEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent, void> {
  const splitter = new EventSplitter();
  for await (const chunk of bytes) {
    const whole = splitter.push(chunk);
    if (whole) yield* eventsOf(whole);
  }
  const rest = splitter.flush();
  if (rest) yield* eventsOf(rest);
}

/** The end of the last blank line, 0 when there is none. */
function endOfLastEvent(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    const code = bytes[at];
    if (code !== LF && code !== CR) continue;
    const before = code === LF && bytes[at - 1] === CR ? at - 2 : at - 1;
    if (before >= 0 && (bytes[before] === LF || bytes[before] === CR)) return at + 1;
  }
  return 0;
}

function tailOf(chunks: readonly Uint8Array[], length: number): Uint8Array {
  let tail: Uint8Array = new Uint8Array(0);
  for (let at = chunks.length - 1; at >= 0 && tail.length < length; at--) {
    tail = Buffer.concat([chunks[at]!.subarray(-(length - tail.length)), tail]);
  }
  return tail;
}

const LINE_END = /\r\n|\n|\r/;
const decoder = new TextDecoder();

function fieldValue(line: string, nameLength: number): string | undefined {
  if (line.length === nameLength) return "";
  if (line.charCodeAt(nameLength) !== 58) return undefined;
  return line.slice(line.charCodeAt(nameLength + 1) === 32 ? nameLength + 2 : nameLength + 1);
}

function append(data: string | undefined, value: string | undefined): string | undefined {
  if (value === undefined) return data;
  return data === undefined ? value : `${data}\n${value}`;
}

function parseJson(data: string): unknown {
  if (data === "[DONE]") return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
