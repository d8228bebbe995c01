/** JSON objects kept beside the text they came from, so that unknown fields, big numbers and spacing survive. */
import { applyChanges, membersOf, NUMBERS_PER_MEMBER, nameOf, spansOf } from "./json-members.ts";

export type JsonObject = { readonly [name: string]: unknown };

export interface JsonLimits {
  readonly maxDepth: number;
  readonly maxValues: number;
}

/** Thrown by `JsonBody.parse`; the message is safe to show to whoever sent the text. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** A parsed JSON object with its source text; `edit` changes single members and leaves every other byte alone. */
export class JsonBody {
  readonly value: JsonObject;
  /** What an unchanged body is sent on as: the bytes it came in, where there are any. */
  readonly source: string | Uint8Array;
  /** Four numbers for each member: see `membersOf`. */
  #members: readonly number[] | undefined;
  readonly #text: string | LargeSource;

  private constructor(text: string | LargeSource, value: JsonObject, source: string | Uint8Array) {
    this.#text = text;
    this.value = value;
    this.source = source;
  }

  /**
   * Throws JsonError for anything but one object within the limits whose top-level names are all different. `source` is
   * the text's own UTF-8, for sending it on without making it anew.
   */
  static parse(text: string, limits: JsonLimits, source: string | Uint8Array = text): JsonBody {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new JsonError(`The request body is not valid JSON: ${describe(error)}`);
    }
    if (!isObject(value)) throw new JsonError("The request body must be a JSON object.");
    checkSize(value, limits);
    const body = new JsonBody(text, value, source);
    body.#members = membersOf(text);
    // The parser keeps one value of a name that comes twice, and another parser may keep another one.
    let names = 0;
    for (const _ in value) names++;
    if (names * NUMBERS_PER_MEMBER !== body.#members.length) throw twice(text, body.#members);
    return body;
  }

  /** `value` is what `source` holds; its text is made when it is asked for. */
  static large(value: JsonObject, source: Uint8Array, large: LargeSource): JsonBody {
    return new JsonBody(large, value, source);
  }

  static of(value: JsonObject): JsonBody {
    const text = JSON.stringify(value);
    return new JsonBody(text, value, text);
  }

  /** The text with these top-level members replaced, added (new ones last) or, for `undefined`, removed. */
  edit(changes: JsonObject): string {
    const text = this.#text;
    if (typeof text !== "string") return text.edit(changes);
    this.#members ??= membersOf(text);
    const cut = (from: number, to: number) => text.slice(from, to);
    return applyChanges(changes, { text, members: spansOf(text, this.#members), cut });
  }

  get text(): string {
    return typeof this.#text === "string" ? this.#text : this.#text.text();
  }

  /** Present for a body whose text is not kept: whatever makes a request of it does so inside of `large.encoded`. */
  get large(): LargeSource | undefined {
    return typeof this.#text === "string" ? undefined : this.#text;
  }
}

/** What stands behind a body that is too large to be kept as text. */
export interface LargeSource {
  text(): string;
  edit(changes: JsonObject): string;
  /**
   * While `encode` runs, which must be synchronous, short texts stand in for long parts of the body, in its value's strings
   * and in its edits; those that end in the text of `body` are replaced by the bytes they stand for.
   */
  encoded<Encoded extends { readonly body: unknown }>(encode: () => Encoded): Encoded;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON.parse that answers `undefined` instead of throwing, for other people's JSON. */
export function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(error: unknown): string {
  // V8 quotes the text around the mistake; a prompt does not belong in an error message.
  const message = error instanceof Error ? error.message : String(error);
  const position = /position \d+( \(line \d+ column \d+\))?/.exec(message);
  if (/end of JSON input/i.test(message)) return "it ends too early.";
  return position ? `unexpected content at ${position[0]}.` : "unexpected content.";
}

/** Walks values, not characters: a long prompt costs one step. */
function checkSize(root: JsonObject, limits: JsonLimits): void {
  const left = checkObject(root, limits, limits.maxDepth, limits.maxValues);
  if (left < 0) throw new JsonError(`The request body holds more than ${limits.maxValues} values.`);
}

/** How many values are still allowed after these; below zero stops the walk. */
function checkValue(value: unknown, limits: JsonLimits, depthLeft: number, valuesLeft: number): number {
  if (typeof value !== "object" || value === null) return valuesLeft - 1;
  if (depthLeft === 0) throw new JsonError(`The request body nests deeper than ${limits.maxDepth} levels.`);
  if (!Array.isArray(value)) return checkObject(value as JsonObject, limits, depthLeft, valuesLeft - 1);
  let left = valuesLeft - 1;
  for (let at = 0; at < value.length && left >= 0; at++) left = checkValue(value[at], limits, depthLeft - 1, left);
  return left;
}

function checkObject(value: JsonObject, limits: JsonLimits, depthLeft: number, valuesLeft: number): number {
  let left = valuesLeft;
  for (const name in value) {
    if (left < 0) break;
    left = checkValue(value[name], limits, depthLeft - 1, left);
  }
  return left;
}

function twice(text: string, members: readonly number[]): JsonError {
  const seen = new Set<string>();
  for (let at = 0; at < members.length; at += NUMBERS_PER_MEMBER) {
    const name = nameOf(text, members[at]!, members[at + 1]!);
    if (seen.has(name)) return new JsonError(`The request body names ${JSON.stringify(name.slice(0, 64))} twice.`);
    seen.add(name);
  }
  return new JsonError("The request body names a member twice.");
}
