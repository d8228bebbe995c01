import { isObject, type JsonObject } from "../../protocol/json.ts";
import { isBareText } from "./content.ts";
import type { AssistantPiece } from "./messages.ts";
import type { Way } from "./way.ts";

/** One message of the assistant while its items are gathered: thoughts, then words, then calls. */
export class AssistantTurn {
  #thought = "";
  #sealed: JsonObject = {};
  #thinking: unknown[] = [];
  readonly #parts: JsonObject[] = [];
  readonly #calls: JsonObject[] = [];
  #spoken = false;

  /**
   * What comes after words begins a message of its own, except for calls; once there are calls all goes to them until their
   * results come, since a chat wants these right behind. A seal without a thought belongs to what it follows.
   */
  takes(piece: AssistantPiece): boolean {
    if (this.#calls.length > 0 || piece.kind === "call" || !this.#spoken) return true;
    return piece.kind === "thought" && piece.text === "" && Object.keys(this.#sealed).length === 0;
  }

  add(piece: AssistantPiece): void {
    if (piece.kind === "call") this.#calls.push(piece.call);
    else if (piece.kind === "words") {
      this.#spoken = true;
      this.#parts.push(...piece.parts);
    } else this.#think(piece.text, piece.sealed);
  }

  #think(text: string, sealed: JsonObject): void {
    this.#thought += text;
    const calls = { ...asObject(this.#sealed.calls), ...asObject(sealed.calls) };
    this.#sealed = { ...this.#sealed, ...sealed, calls };
    if (Array.isArray(sealed.thinking_blocks)) this.#thinking = [...this.#thinking, ...sealed.thinking_blocks];
  }

  /** Undefined when nothing was said: a thought that came to no end is nothing to go on from. */
  message({ translated, drop }: Way): JsonObject | undefined {
    const texts = this.#parts.filter(({ type }) => type !== "refusal");
    const refusals = this.#parts.filter(({ type }) => type === "refusal");
    const calls = this.#calls.map((call) => ({ ...call, ...this.#extrasOf(call) }));
    if (calls.length === 0 && this.#parts.length === 0) {
      drop("input.reasoning");
      return undefined;
    }
    return {
      role: "assistant",
      content: this.#contentOf(texts),
      ...(refusals.length > 0 ? { refusal: refusals.map(({ refusal }) => refusal ?? "").join("") } : {}),
      // A model goes on thinking where it stopped for its tools; what it thought for earlier answers is past.
      ...(calls.length > 0 && this.#thought !== "" ? { reasoning_content: this.#thought } : {}),
      ...(translated && this.#thinking.length > 0 ? { thinking_blocks: this.#thinking } : {}),
      ...(this.#sealed.extra_content === undefined ? {} : { extra_content: this.#sealed.extra_content }),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
  }

  #contentOf(texts: readonly JsonObject[]): unknown {
    if (texts.length === 0) return null;
    return texts.every(isBareText) ? texts.map(({ text }) => text).join("") : texts;
  }

  #extrasOf({ id }: JsonObject): JsonObject {
    return asObject(asObject(this.#sealed.calls)[String(id)]);
  }
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
