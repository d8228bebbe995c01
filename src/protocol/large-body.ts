/** Bodies of megabytes: their bytes are held once, and what is sent is made of slices of them. */
import { randomUUID } from "node:crypto";
import { type Run, runsOfData } from "./data-runs.ts";
import { JsonBody, type JsonLimits, type JsonObject, type LargeSource } from "./json.ts";
import { applyChanges, membersIn } from "./json-members.ts";

/** A body at least this long is worth the trouble. */
export const LARGE_BYTES = 256 * 1024;

/**
 * Like `JsonBody.parse`, for the UTF-8 of a large body. Pictures and sounds in it are no strings of `value` until somebody
 * reads them, and then anew each time; while a request is encoded (`encoded`) short texts stand in for them.
 */
export function parseLarge(bytes: Buffer, limits: JsonLimits): JsonBody {
  const source = new HeldBytes(bytes, runsOfData(bytes));
  const { value } = JsonBody.parse(source.withStandIns().toString(), limits);
  // One that is a member's name cannot be hidden.
  if (!source.hideIn(value)) return JsonBody.parse(bytes.toString(), limits, bytes);
  return JsonBody.large(value, bytes, source);
}

/** Kept parts of a body that are longer than this are not made into text when it is edited. */
const LONG_PART_BYTES = 16 * 1024;

class HeldBytes implements LargeSource {
  readonly #bytes: Buffer;
  readonly #runs: readonly Run[];
  /** Begins every stand-in of this body: nobody who wrote the body can have known it. Base64's own letters, a whole number of its groups. */
  readonly #mark = `Held${randomUUID().replaceAll("-", "")}`;
  /** What the stand-ins stand for: the runs first, then parts that an edit keeps. */
  readonly #held: Uint8Array[];
  #encoding = false;

  constructor(bytes: Buffer, runs: readonly Run[]) {
    this.#bytes = bytes;
    this.#runs = runs;
    this.#held = runs.map(({ from, to }) => bytes.subarray(from, to));
  }

  /** The body with stand-ins for its data. */
  withStandIns(): Buffer {
    if (this.#runs.length === 0) return this.#bytes;
    const parts: Uint8Array[] = [];
    let at = 0;
    this.#runs.forEach(({ from, to }, index) => {
      parts.push(this.#bytes.subarray(at, from), Buffer.from(this.#standIn(index)));
      at = to;
    });
    return Buffer.concat([...parts, this.#bytes.subarray(at)]);
  }

  /** Puts getters where stand-ins are; false when not all were found. */
  hideIn(value: JsonObject): boolean {
    let left = this.#runs.length;
    const visit = (holder: object) => {
      for (const [name, inside] of Object.entries(holder)) {
        if (left === 0) return;
        if (typeof inside === "object" && inside !== null) visit(inside);
        else if (typeof inside === "string" && this.#hide(holder, name, inside)) left--;
      }
    };
    if (left > 0) visit(value);
    return left === 0;
  }

  text(): string {
    return this.#bytes.toString();
  }

  edit(changes: JsonObject): string {
    const text = this.withStandIns().toString("latin1");
    const cut = (from: number, to: number) => this.#part(text, from, to);
    return applyChanges(changes, { text, members: membersIn(text), cut });
  }

  encoded<Encoded extends { readonly body: unknown }>(encode: () => Encoded): Encoded {
    this.#encoding = true;
    try {
      const made = encode();
      return typeof made.body === "string" ? { ...made, body: this.#filled(made.body) } : made;
    } finally {
      this.#encoding = false;
      this.#held.length = this.#runs.length;
    }
  }

  #hide(holder: object, name: string, inside: string): boolean {
    if (!inside.startsWith(this.#mark, inside.length - this.#standIn(0).length)) return false;
    const { start, to } = this.#runs[this.#indexIn(inside.slice(-INDEX_LENGTH))]!;
    const get = () => (this.#encoding ? inside : this.#bytes.toString("latin1", start, to));
    Object.defineProperty(holder, name, { get, enumerable: true, configurable: true });
    return true;
  }

  /** Text of a kept part of the body, by its place in the body with stand-ins. */
  #part(text: string, from: number, to: number): string {
    const [start, end] = [this.#placeOf(from), this.#placeOf(to)];
    if (!this.#encoding) return this.#bytes.toString("utf8", start, end);
    if (end - start > LONG_PART_BYTES) return this.#standIn(this.#held.push(this.#bytes.subarray(start, end)) - 1);
    return Buffer.from(text.slice(from, to), "latin1").toString();
  }

  /** A place in the body, given in the body with stand-ins; never inside of one. */
  #placeOf(at: number): number {
    const length = this.#standIn(0).length;
    let place = at;
    for (const { from, to } of this.#runs) if (place >= from + length) place += to - from - length;
    return place;
  }

  #standIn(index: number): string {
    return this.#mark + String(index).padStart(INDEX_LENGTH, "0");
  }

  #indexIn(digits: string): number {
    return Number(digits);
  }

  /** The text with what was held back in its places. */
  #filled(text: string): string | readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (let found = text.indexOf(this.#mark); found >= 0; found = text.indexOf(this.#mark, at)) {
      const end = found + this.#mark.length + INDEX_LENGTH;
      pieces.push(Buffer.from(text.slice(at, found)), this.#held[this.#indexIn(text.slice(end - INDEX_LENGTH, end))]!);
      at = end;
    }
    return at === 0 ? text : [...pieces, Buffer.from(text.slice(at))].filter(({ length }) => length > 0);
  }
}

const INDEX_LENGTH = 8;
