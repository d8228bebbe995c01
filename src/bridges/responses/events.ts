import { Frame } from "../../protocol/frame.ts";
import type { JsonObject } from "../../protocol/json.ts";

/** Events waiting to be sent, numbered one by one; written once, as text, since most are read by nobody here. */
export class EventList {
  #waiting = "";
  #next = 0;

  /** The number the next event will have. */
  get next(): number {
    return this.#next;
  }

  add(event: JsonObject & { readonly type: string }): void {
    this.addText(event.type, JSON.stringify(event));
  }

  /** An event that is JSON text already. */
  addText(type: string, json: string): void {
    this.#waiting += `event: ${type}\ndata: ${json.slice(0, -1)},"sequence_number":${this.#next++}}\n\n`;
  }

  /** All that wait, as one frame; undefined when nothing does. */
  take(): Frame | undefined {
    if (this.#waiting === "") return undefined;
    const frame = Frame.ofBytes(Buffer.from(this.#waiting));
    this.#waiting = "";
    return frame;
  }
}
