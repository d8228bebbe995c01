/** Streams that pass: bytes of any kind, and events of any length. */
import { GatewayError } from "../../core/error.ts";
import type { Adapter, StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject } from "../../protocol/json.ts";
import { eventsOf, type SseEvent } from "../../protocol/sse.ts";
import { usageIn } from "../usage-in.ts";
import { EventPieces, type Piece } from "./event-pieces.ts";
import { readMediaUsage } from "./usage.ts";

export interface BytesOptions {
  readonly facts: StreamFacts;
  /** The length of all, where the provider said it. */
  readonly length: number | undefined;
}

/** Bytes as they came; whether all came, their connection tells. */
export async function* passedBytes(
  bytes: AsyncIterable<Uint8Array>,
  { facts, length }: BytesOptions,
): AsyncGenerator<Frame, void> {
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    facts.finished = total === length;
    yield Frame.ofBytes(chunk);
  }
  facts.finished = true;
  if (total === 0) yield Frame.ofBytes(new Uint8Array(0));
}

export interface EventsOptions {
  readonly facts: StreamFacts;
  readonly decodeError: Adapter["decodeError"];
}

/**
 * Events as they came. One event can be a picture of many megabytes: what is longer than can be held goes on in pieces,
 * of which only the beginning and the end are looked at.
 */
export async function* passedEvents(
  bytes: AsyncIterable<Uint8Array>,
  options: EventsOptions,
): AsyncGenerator<Frame, void> {
  const pieces = new EventPieces();
  const reader = new EventReader(options);
  for await (const chunk of bytes) for (const piece of pieces.push(chunk)) yield* passed(piece, reader);
  for (const piece of pieces.end()) yield* passed(piece, reader);
  reader.end();
}

/** What comes before an error is still to be handed on. */
function* passed(piece: Piece, reader: EventReader): Generator<Frame, void> {
  const stop = reader.read(piece);
  if (!stop) return yield Frame.ofBytes(piece.bytes);
  if (stop.before.length > 0) yield Frame.ofEvents(stop.before);
  throw stop.error;
}

interface Stop {
  readonly before: readonly SseEvent[];
  readonly error: GatewayError;
}

/** These families of events say which one is their last; of others the end of the stream is the end. */
const TYPED = /^(image_generation|image_edit|speech\.audio|transcript\.text)\./;
const LAST = /\.(completed|done)$/;

class EventReader {
  readonly #options: EventsOptions;
  #typed = false;
  #head = "";
  #tail: Buffer = Buffer.alloc(0);

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Where an event holds an error. */
  read({ bytes, is }: Piece): Stop | undefined {
    if (is === "events" || is === "rest") return this.#readEvents(eventsOf(bytes), is === "rest");
    if (is === "begin") this.#head = Buffer.from(bytes.subarray(0, LOOK_BYTES)).toString("latin1");
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-LOOK_BYTES)]).subarray(-LOOK_BYTES);
    if (is !== "end" && is !== "cut") return undefined;
    // What the stream's end cut off must have come to the end of its JSON.
    if (is === "cut" && !/[}\]]\s*$/.test(this.#tail.toString("latin1"))) return { before: [], error: endedEarly() };
    const [, type = ""] = /"type"\s*:\s*"([\w.]+)"/.exec(this.#head) ?? /^event: *([\w.]+)/m.exec(this.#head) ?? [];
    this.#note(type, usageIn(this.#tail, readMediaUsage));
    this.#tail = Buffer.alloc(0);
    return undefined;
  }

  /** Throws when the last event is missing. */
  end(): void {
    const { facts } = this.#options;
    if (this.#typed && !facts.finished) throw endedEarly();
    facts.finished = true;
  }

  #readEvents(events: readonly SseEvent[], last: boolean): Stop | undefined {
    for (const [at, { event, data, json }] of events.entries()) {
      if (data === "[DONE]") this.#options.facts.finished = true;
      else if (json === undefined && last) return { before: events.slice(0, at), error: endedEarly() };
      if (!isObject(json)) continue;
      if (event === "error" || json.type === "error" || (json.error !== undefined && json.error !== null)) {
        return { before: events.slice(0, at), error: this.#options.decodeError(200, data, {}) };
      }
      this.#note(String(json.type ?? event ?? ""), readMediaUsage(json.usage));
    }
    return undefined;
  }

  #note(type: string, usage: StreamFacts["usage"]): void {
    const { facts } = this.#options;
    facts.usage = usage ?? facts.usage;
    if (!TYPED.test(type)) return;
    this.#typed = true;
    if (LAST.test(type)) facts.finished = true;
  }
}

function endedEarly(): GatewayError {
  return new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
}

/** A type stands at the beginning of an event, usage at its end. */
const LOOK_BYTES = 2048;
