/** JSON objects kept beside the text they came from, so that unknown fields, big numbers and spacing survive. */
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

/** Where a member stands in the text: from its name's opening quote to the end of its value. */
export interface Span {
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
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

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/** Start and end of the name with its quotes, start and end of the value. */
const NUMBERS_PER_MEMBER = 4;

/**
 * Finds the top-level members of text that JSON.parse has already accepted. Positions in one flat list: a body is walked
 * on every call and edited on few, so names are cut out and looked up only then.
 */
function membersOf(text: string): readonly number[] {
  const members: number[] = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const nameEnd = skipString(text, at);
    const colon = skipSpace(text, nameEnd);
    const valueStart = skipSpace(text, colon + 1);
    const end = skipValue(text, valueStart);
    members.push(at, nameEnd, valueStart, end);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return members;
}

/** By their names. The text is one that JSON.parse has accepted. */
export function membersIn(text: string): ReadonlyMap<string, Span> {
  return spansOf(text, membersOf(text));
}

function spansOf(text: string, members: readonly number[]): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  for (let at = 0; at < members.length; at += NUMBERS_PER_MEMBER) {
    const start = members[at]!;
    const name = nameOf(text, start, members[at + 1]!);
    spans.set(name, { start, valueStart: members[at + 2]!, end: members[at + 3]! });
  }
  return spans;
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

function nameOf(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : raw;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 32) at++;
  return at;
}

/** Up to this length a string is walked: a search by V8 costs more to begin with, and less for a prompt. */
const SHORT = 12;

/** From an opening quote to just after the closing one. */
function skipString(text: string, from: number): number {
  let at = from + 1;
  for (const near = at + SHORT; at < near; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  for (;;) {
    const quote = text.indexOf('"', at);
    let escapes = quote - 1;
    while (text.charCodeAt(escapes) === BACKSLASH) escapes--;
    if ((quote - 1 - escapes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      if (depth === 0) return trimEnd(text, at);
      if (--depth === 0) return at + 1;
    } else if (code === COMMA && depth === 0) return trimEnd(text, at);
    at++;
  }
  return at;
}

function trimEnd(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at - 1) <= 32) at--;
  return at;
}

export interface Editable {
  readonly text: string;
  readonly members: ReadonlyMap<string, Span>;
  /** What is sent of the text between two places. */
  cut(from: number, to: number): string;
}

export function applyChanges(changes: JsonObject, { text, members, cut }: Editable): string {
  const removed = Object.keys(changes).some((name) => changes[name] === undefined && members.has(name));
  if (removed) return rebuild(changes, { members, cut });
  let out = "";
  let at = 0;
  const edits = Object.entries(changes).filter(([name]) => members.has(name));
  edits.sort(([a], [b]) => members.get(a)!.start - members.get(b)!.start);
  for (const [name, value] of edits) {
    const span = members.get(name)!;
    out += cut(at, span.valueStart) + JSON.stringify(value);
    at = span.end;
  }
  const added = Object.entries(changes).filter(([name, value]) => value !== undefined && !members.has(name));
  if (added.length === 0) return out + cut(at, text.length);
  const close = text.lastIndexOf("}");
  const comma = members.size > 0 ? "," : "";
  const tail = added.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",");
  return out + cut(at, close) + comma + tail + cut(close, text.length);
}

/** The slower way, for removals: every kept member's own text, joined anew. */
function rebuild(changes: JsonObject, { members, cut }: Omit<Editable, "text">): string {
  const parts: string[] = [];
  for (const [name, span] of members) {
    if (!Object.hasOwn(changes, name)) parts.push(cut(span.start, span.end));
    else if (changes[name] !== undefined) parts.push(`${JSON.stringify(name)}:${JSON.stringify(changes[name])}`);
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value !== undefined && !members.has(name)) parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  return `{${parts.join(",")}}`;
}
