import { eventsOf, type SseEvent } from "./sse.ts";

/** One or more whole server-sent events: the bytes as they came, and a view of their JSON made when first asked for. */
export class Frame {
  #bytes: Uint8Array | undefined;
  #events: readonly SseEvent[] | undefined;

  private constructor(bytes: Uint8Array | undefined, events: readonly SseEvent[] | undefined) {
    this.#bytes = bytes;
    this.#events = events;
  }

  static ofBytes(bytes: Uint8Array): Frame {
    return new Frame(bytes, undefined);
  }

  /** A frame of our own making; it is turned into bytes once, when sent. */
  static ofJson(json: unknown): Frame {
    return new Frame(undefined, [{ event: undefined, data: JSON.stringify(json), json }]);
  }

  /** One event from JSON text that is ready to be sent; it holds no line end. */
  static ofData(data: string): Frame {
    return new Frame(Buffer.from(`data: ${data}\n\n`), undefined);
  }

  /** Some of another frame's events. */
  static ofEvents(events: readonly SseEvent[]): Frame {
    return new Frame(undefined, events);
  }

  static readonly DONE = new Frame(Buffer.from("data: [DONE]\n\n"), undefined);

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.#events!.map(written).join(""));
    return this.#bytes;
  }

  get events(): readonly SseEvent[] {
    this.#events ??= eventsOf(this.#bytes!);
    return this.#events;
  }
}

function written({ event, data }: SseEvent): string {
  const lines = data.replaceAll("\n", "\ndata: ");
  return event === undefined ? `data: ${lines}\n\n` : `event: ${event}\ndata: ${lines}\n\n`;
}
