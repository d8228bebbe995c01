/** Where two JSON values differ, one entry per place. */
import { isObject } from "../../src/protocol/json.ts";

export interface Difference {
  /** Dotted, with indexes in brackets: `messages[1].content[0].text`. */
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Key order does not count, and a key that holds `undefined` is no key. */
export function differencesBetween(expected: unknown, actual: unknown, path = ""): Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, at) => differencesBetween(expected[at], actual[at], `${path}[${at}]`)).flat();
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differencesBetween(expected[key], actual[key], path ? `${path}.${key}` : key));
  }
  return Object.is(expected, actual) ? [] : [{ path, expected, actual }];
}

export function describe({ path, expected, actual }: Difference): string {
  if (typeof expected === "string" && typeof actual === "string") return `${path}: ${textDifference(expected, actual)}`;
  if (actual === undefined) return `${path} is missing, expected ${brief(expected)}`;
  if (expected === undefined) return `${path} is not expected: ${brief(actual)}`;
  return `${path}: expected ${brief(expected)}, got ${brief(actual)}`;
}

/** Two texts from shortly before the first character that differs. */
export function textDifference(expected: string, actual: string): string {
  let at = 0;
  while (at < expected.length && at < actual.length && expected[at] === actual[at]) at++;
  const from = Math.max(0, at - CONTEXT_CHARACTERS);
  const where = at === 0 ? "" : ` (same up to character ${at} of ${expected.length})`;
  return `expected ${brief(expected.slice(from))}, got ${brief(actual.slice(from))}${where}`;
}

const CONTEXT_CHARACTERS = 12;
const MAX_SHOWN_CHARACTERS = 80;

export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}
