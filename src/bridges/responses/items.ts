/** The items of a streamed answer while they grow; each tells its own events. */
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { itemId } from "../../protocol/responses.ts";
import type { EventList } from "./events.ts";
import { callItem, messageItem, reasoningItem, refusalPart, textPart } from "./output.ts";

export interface Item {
  /** The item as far as it is known. */
  told(): JsonObject;
  /** Tells its end; once. */
  close(status: "completed" | "incomplete"): void;
}

export interface Place {
  readonly events: EventList;
  /** The answer's id. */
  readonly response: string;
  readonly prefix: string;
  readonly index: number;
}

/** What every item does: it is added, tells pieces under its id and index, and is done. */
class Telling {
  readonly id: string;
  readonly #events: EventList;
  readonly #index: number;
  /** What every piece of this item begins with, but for its type. */
  readonly #start: string;

  constructor({ events, response, prefix, index }: Place) {
    this.id = itemId(prefix, response, index);
    this.#events = events;
    this.#index = index;
    this.#start = `"item_id":"${this.id}","output_index":${index},`;
  }

  item(type: "response.output_item.added" | "response.output_item.done", item: JsonObject): void {
    this.#events.add({ type, output_index: this.#index, item });
  }

  piece(type: string, more: JsonObject): void {
    this.#events.addText(type, `{"type":"${type}",${this.#start}${JSON.stringify(more).slice(1)}`);
  }
}

export class ReasoningItem implements Item {
  /** Set before it is closed. */
  sealed: JsonObject = {};
  readonly #telling: Telling;
  /** A thought that goes on after words were said is a part of its own. */
  readonly #parts: string[] = [];
  #open = false;

  constructor(place: Place) {
    this.#telling = new Telling(place);
    this.#telling.item("response.output_item.added", this.told());
  }

  text(delta: string): void {
    if (!this.#open) {
      this.#open = true;
      this.#parts.push("");
      this.#tellPart("response.reasoning_summary_part.added");
    }
    this.#parts[this.#last] += delta;
    this.#telling.piece("response.reasoning_summary_text.delta", { summary_index: this.#last, delta });
  }

  endText(): void {
    if (!this.#open) return;
    this.#open = false;
    const text = this.#parts[this.#last];
    this.#telling.piece("response.reasoning_summary_text.done", { summary_index: this.#last, text });
    this.#tellPart("response.reasoning_summary_part.done");
  }

  told(): JsonObject {
    return reasoningItem(this.#telling.id, { texts: this.#parts, sealed: this.sealed });
  }

  close(): void {
    this.endText();
    this.#telling.item("response.output_item.done", this.told());
  }

  get #last(): number {
    return this.#parts.length - 1;
  }

  #tellPart(type: string): void {
    const part = { type: "summary_text", text: this.#parts[this.#last] };
    this.#telling.piece(type, { summary_index: this.#last, part });
  }
}

type Part =
  | { readonly kind: "text"; text: string; readonly annotations: JsonObject[]; readonly logprobs: JsonObject[] }
  | { readonly kind: "refusal"; text: string };

export class MessageItem implements Item {
  readonly #telling: Telling;
  readonly #parts: Part[] = [];
  #status = "in_progress";

  constructor(place: Place) {
    this.#telling = new Telling(place);
    this.#telling.item("response.output_item.added", this.told());
  }

  text(delta: string, logprobs: readonly JsonObject[]): void {
    const part = this.#part("text");
    part.text += delta;
    if (part.kind === "text") part.logprobs.push(...logprobs);
    if (delta !== "") this.#tell("response.output_text.delta", part, { delta, logprobs });
  }

  refuse(delta: string): void {
    const part = this.#part("refusal");
    part.text += delta;
    this.#tell("response.refusal.delta", part, { delta });
  }

  annotate(annotations: readonly JsonObject[]): void {
    const part = this.#part("text");
    if (part.kind !== "text") return;
    for (const annotation of annotations) {
      const annotation_index = part.annotations.push(annotation) - 1;
      this.#tell("response.output_text.annotation.added", part, { annotation_index, annotation });
    }
  }

  told(): JsonObject {
    return messageItem(this.#telling.id, this.#status, this.#parts.map(written));
  }

  close(status: string): void {
    for (const part of this.#parts) {
      if (part.kind === "text") {
        this.#tell("response.output_text.done", part, { text: part.text, logprobs: part.logprobs });
      } else this.#tell("response.refusal.done", part, { refusal: part.text });
      this.#tell("response.content_part.done", part, { part: written(part) });
    }
    this.#status = status;
    this.#telling.item("response.output_item.done", this.told());
  }

  /** The part of this kind, opened when it is the first of it. */
  #part(kind: Part["kind"]): Part {
    const known = this.#parts.find((part) => part.kind === kind);
    if (known) return known;
    const part: Part = kind === "text" ? { kind, text: "", annotations: [], logprobs: [] } : { kind, text: "" };
    this.#parts.push(part);
    this.#tell("response.content_part.added", part, { part: written(part) });
    return part;
  }

  #tell(type: string, part: Part, more: JsonObject): void {
    this.#telling.piece(type, { content_index: this.#parts.indexOf(part), ...more });
  }
}

function written(part: Part): JsonObject {
  return part.kind === "text" ? textPart(part.text, part) : refusalPart(part.text);
}

export class ToolItem implements Item {
  readonly callId: string;
  readonly #telling: Telling;
  readonly #custom: boolean;
  #name: string;
  #text = "";
  #status = "in_progress";

  /** From the call's first piece, which names it; its arguments are still to be added. */
  constructor(place: Place, call: JsonObject) {
    this.#telling = new Telling(place);
    this.#custom = isObject(call.custom);
    this.callId = typeof call.id === "string" && call.id !== "" ? call.id : `call_${this.#telling.id}`;
    this.#name = String(calledIn(call).name ?? "");
    this.#telling.item("response.output_item.added", this.told());
  }

  add(call: JsonObject): void {
    const { name, arguments: text, input } = calledIn(call);
    if (this.#name === "" && typeof name === "string") this.#name = name;
    const delta = this.#custom ? input : text;
    if (typeof delta !== "string" || delta === "") return;
    this.#text += delta;
    this.#telling.piece(`${this.#kind}.delta`, { delta });
  }

  told(): JsonObject {
    const { callId } = this;
    return callItem(this.#telling.id, this.#status, {
      custom: this.#custom,
      callId,
      name: this.#name,
      text: this.#text,
    });
  }

  close(status: string): void {
    const whole = this.#custom ? { input: this.#text } : { name: this.#name, arguments: this.#text };
    this.#telling.piece(`${this.#kind}.done`, whole);
    this.#status = status;
    this.#telling.item("response.output_item.done", this.told());
  }

  get #kind(): string {
    return this.#custom ? "response.custom_tool_call_input" : "response.function_call_arguments";
  }
}

function calledIn({ custom, function: called }: JsonObject): JsonObject {
  if (isObject(custom)) return custom;
  return isObject(called) ? called : {};
}
