/** The top-level members of JSON text: where they stand, and the text with some of them changed. */
import type { JsonObject } from "./json.ts";

/** Where a member stands in the text: from its name's opening quote to the end of its value. */
export interface Span {
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/** Start and end of the name with its quotes, start and end of the value. */
export const NUMBERS_PER_MEMBER = 4;

/**
 * Finds the top-level members of text that JSON.parse has already accepted. Positions in one flat list: a body is walked
 * on every call and edited on few, so names are cut out and looked up only then.
 */
export function membersOf(text: string): readonly number[] {
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

export function spansOf(text: string, members: readonly number[]): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  for (let at = 0; at < members.length; at += NUMBERS_PER_MEMBER) {
    const start = members[at]!;
    const name = nameOf(text, start, members[at + 1]!);
    spans.set(name, { start, valueStart: members[at + 2]!, end: members[at + 3]! });
  }
  return spans;
}

export function nameOf(text: string, start: number, end: number): string {
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
