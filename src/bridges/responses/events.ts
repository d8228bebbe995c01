import { Frame } from "../../protocol/frame.ts";
import type { JsonObject } from "../../protocol/json.ts";
import type { SseEvent } from "../../protocol/sse.ts";

/** Events waiting to be sent, numbered one by one. */
export class EventList {
  #waiting: SseEvent[] = [];
  #next = 0;

  /** The number the next event will have. */
  get next(): number {
    return this.#next;
  }

  add(event: JsonObject & { readonly type: string }): void {
    const json = { ...event, sequence_number: this.#next++ };
    this.#waiting.push({ event: event.type, data: JSON.stringify(json), json });
  }

  /** All that wait, as one frame; undefined when nothing does. */
  take(): Frame | undefined {
    if (this.#waiting.length === 0) return undefined;
    const frame = Frame.ofEvents(this.#waiting);
    this.#waiting = [];
    return frame;
  }
}
