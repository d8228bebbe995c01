import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { idOr } from "./answer.ts";
import { type DeltaType, deltaEvent, event, startEvent, stopEvent } from "./events.ts";

interface Block {
  readonly kind: "text" | "thinking" | "tool";
  /** A tool call's index in the chat. */
  readonly call?: number;
  /** As it stands in `content_block_start`. */
  readonly opening: JsonObject;
  /** What has not been told of it, while another block is open. */
  waiting: string;
  /** All of a tool's input and of a thought so far: whether the one is whole, and which signature belongs to the other. */
  said: string;
}

/**
 * Anthropic's blocks of content come one after the other; a chat's tool calls may come side by side. One block is open at a
 * time. A block that begins while a call is unfinished waits, with what is said of it, until the call is whole or all ends.
 */
export class Blocks {
  readonly #foreignSignature: string;
  readonly #thoughts: { readonly index: number; readonly said: string }[] = [];
  #open: Block | undefined;
  #index = -1;
  #queue: Block[] = [];
  #firstText: number | undefined;
  readonly #calls = new Set<number>();

  constructor(foreignSignature: string) {
    this.#foreignSignature = foreignSignature;
  }

  get toolCalls(): number {
    return this.#calls.size;
  }

  text(text: string): string {
    return this.#say(this.#last("text") ?? newBlock("text", { type: "text", text: "" }), text);
  }

  thought(text: string): string {
    const block = this.#last("thinking") ?? newBlock("thinking", { type: "thinking", thinking: "", signature: "" });
    return this.#say(block, text);
  }

  /** A chunk's piece of one call. Later pieces that repeat the id or the name say nothing new. */
  toolCall({ index, id, function: called, extra_content: extra }: JsonObject): string {
    const { name, arguments: text } = isObject(called) ? called : {};
    const piece = typeof text === "string" ? text : isObject(text) ? JSON.stringify(text) : "";
    const call = typeof index === "number" ? index : this.#callWithoutIndex(id);
    const known = [this.#open, ...this.#queue].find((block) => block?.call === call);
    if (known) return this.#say(known, piece);
    // What comes for a call that was whole already can only be noise.
    if (this.#calls.has(call)) return "";
    this.#calls.add(call);
    const opening = {
      type: "tool_use",
      id: idOr(id),
      name,
      input: {},
      ...(isObject(extra) ? { extra_content: extra } : {}),
    };
    return this.#say({ ...newBlock("tool", opening), call }, piece);
  }

  /** Signatures that are told when the thoughts are over: each for the block it belongs to. Hidden thoughts are blocks of their own. */
  signed(blocks: readonly JsonObject[]): string {
    const events = this.#closeThought();
    const signed = blocks.filter(({ type }) => type === "thinking");
    const hidden = blocks.filter(({ type }) => type === "redacted_thinking");
    const fits =
      signed.length === this.#thoughts.length &&
      signed.every(({ thinking }, at) => thinking === this.#thoughts[at]!.said);
    if (fits) {
      const late = signed.map(({ signature }, at) =>
        deltaEvent(this.#thoughts[at]!.index, "signature_delta", String(signature)),
      );
      return events + late.join("") + this.#whole(hidden);
    }
    // Thoughts that were not told, only signed.
    return events + (this.#thoughts.length === 0 ? this.#whole(blocks) : this.#whole(hidden));
  }

  cited(citations: readonly unknown[]): string {
    const index = this.#firstText;
    if (index === undefined) return "";
    const deltas = citations.map((citation) => ({ type: "citations_delta", citation }));
    return deltas.map((delta) => event({ type: "content_block_delta", index, delta })).join("");
  }

  end(): string {
    let events = this.#close();
    for (let next = this.#queue.shift(); next; next = this.#queue.shift())
      events += this.#openNow(next) + this.#close();
    return events;
  }

  /** The newest block, if it is of this kind: text goes on in it. */
  #last(kind: Block["kind"]): Block | undefined {
    const last = this.#queue.at(-1) ?? this.#open;
    return last?.kind === kind ? last : undefined;
  }

  #say(block: Block, text: string): string {
    // An answer's text can be long, and nobody asks for it again.
    if (block.kind !== "text") block.said += text;
    if (block === this.#open) return this.#told(block, text) + this.#moveOn();
    block.waiting += text;
    if (!this.#queue.includes(block)) this.#queue.push(block);
    return this.#moveOn();
  }

  /** Opens what waits, as long as the open block has nothing more to say. */
  #moveOn(): string {
    let events = "";
    while (this.#queue.length > 0 && isOver(this.#open)) {
      events += this.#close() + this.#openNow(this.#queue.shift()!);
    }
    return events;
  }

  #openNow(block: Block): string {
    this.#open = block;
    this.#index++;
    if (block.kind === "text") this.#firstText ??= this.#index;
    const waiting = block.waiting;
    block.waiting = "";
    return startEvent(this.#index, block.opening) + this.#told(block, waiting);
  }

  #told({ kind }: Block, text: string): string {
    return text === "" ? "" : deltaEvent(this.#index, DELTAS[kind], text);
  }

  #close(): string {
    const block = this.#open;
    if (!block) return "";
    this.#open = undefined;
    if (block.kind !== "thinking") return stopEvent(this.#index);
    this.#thoughts.push({ index: this.#index, said: block.said });
    return deltaEvent(this.#index, "signature_delta", this.#foreignSignature) + stopEvent(this.#index);
  }

  #closeThought(): string {
    return this.#open?.kind === "thinking" ? this.#close() : "";
  }

  /** Blocks that come in one piece. */
  #whole(blocks: readonly JsonObject[]): string {
    if (blocks.length === 0) return "";
    const before = this.#close();
    return before + blocks.map((block) => startEvent(++this.#index, block) + stopEvent(this.#index)).join("");
  }

  /** Servers that leave the index out tell every call whole, or one after the other. */
  #callWithoutIndex(id: unknown): number {
    const last = this.#calls.size - 1;
    const goesOn = last >= 0 && (typeof id !== "string" || id === "" || this.#open?.opening.id === id);
    return goesOn ? last : last + 1;
  }
}

const DELTAS: Readonly<Record<Block["kind"], DeltaType>> = {
  text: "text_delta",
  thinking: "thinking_delta",
  tool: "input_json_delta",
};

function newBlock(kind: Block["kind"], opening: JsonObject): Block {
  return { kind, opening, waiting: "", said: "" };
}

/** Text and thoughts end when something else begins; a call's input is whole when it is JSON. */
function isOver(block: Block | undefined): boolean {
  return block?.kind !== "tool" || (/\}\s*$/.test(block.said.slice(-8)) && isObject(tryParse(block.said)));
}
