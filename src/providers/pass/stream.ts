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
  for await (const chunk of bytes) {
    for (const piece of pieces.push(chunk)) {
      reader.read(piece);
      yield Frame.ofBytes(piece.bytes);
    }
  }
  for (const piece of pieces.end()) {
    reader.read(piece);
    yield Frame.ofBytes(piece.bytes);
  }
  reader.end();
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

  /** Throws the error that an event holds. */
  read({ bytes, is }: Piece): void {
    if (is === "events") return eventsOf(bytes).forEach(this.#see, this);
    if (is === "begin") this.#head = Buffer.from(bytes.subarray(0, LOOK_BYTES)).toString("latin1");
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-LOOK_BYTES)]).subarray(-LOOK_BYTES);
    if (is !== "end") return;
    const [, type = ""] = /"type"\s*:\s*"([\w.]+)"/.exec(this.#head) ?? /^event: *([\w.]+)/m.exec(this.#head) ?? [];
    this.#note(type, usageIn(this.#tail, readMediaUsage));
    this.#tail = Buffer.alloc(0);
  }

  /** Throws when the last event is missing. */
  end(): void {
    const { facts } = this.#options;
    if (this.#typed && !facts.finished) {
      throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
    }
    facts.finished = true;
  }

  #see({ event, data, json }: SseEvent): void {
    if (data === "[DONE]") this.#options.facts.finished = true;
    if (!isObject(json)) return;
    if (event === "error" || json.type === "error" || (json.error !== undefined && json.error !== null)) {
      throw this.#options.decodeError(200, data, {});
    }
    this.#note(String(json.type ?? event ?? ""), readMediaUsage(json.usage));
  }

  #note(type: string, usage: StreamFacts["usage"]): void {
    const { facts } = this.#options;
    facts.usage = usage ?? facts.usage;
    if (!TYPED.test(type)) return;
    this.#typed = true;
    if (LAST.test(type)) facts.finished = true;
  }
}

/** A type stands at the beginning of an event, usage at its end. */
const LOOK_BYTES = 2048;
