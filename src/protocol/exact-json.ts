import { tryParse } from "./json.ts";

/** JSON whose numbers come out of `JSON.stringify` as they went in, also those a double cannot hold: tool calls are full of 64-bit ids. Undefined for text that is no JSON. */
export function parseExactly(text: string): unknown {
  const value = tryParse(text);
  if (value === undefined || rawJson === undefined || !MANY_DIGITS.test(text)) return value;
  return parseWithSource(text, (_, parsed, { source }) =>
    typeof parsed === "number" && source !== undefined && String(parsed) !== source ? rawJson(source) : parsed,
  );
}

/** A double holds 15 digits of any number; the slow way is for texts that have more in a row. */
const MANY_DIGITS = /\d{16}/;

// Both are younger than the type library; without `rawJSON` (Node 20) long numbers are rounded.
const rawJson = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
