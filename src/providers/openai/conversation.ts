/** What changes in a request because of the turns before it. */
import type { Conversation, Turn } from "../../core/conversations.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { inputItems, isOurItemId, isOurResponseId, isOurSeal, typeOfItem } from "../../protocol/responses.ts";

export interface Continuation {
  /** Fields of the request to be replaced, or removed where undefined. */
  readonly changes: JsonObject;
  readonly dropped: readonly string[];
}

/**
 * The provider that gave the last answer has the conversation and gets its id. Any other one gets the turns themselves, as
 * far as they mean something to it: thoughts are sealed by whoever had them, and ids are known to whoever gave them.
 */
export function goesOnFrom(
  { earlier, referenced, forgotten = false }: Conversation = NOTHING_BEFORE,
  body: JsonObject,
  provider: string,
): Continuation {
  const items = inputItems(body.input);
  const last = earlier.at(-1);
  const continues = last === undefined || (!forgotten && isKeptBy(provider, last.provider, last.id));
  const said = items.map((item) => asKnownTo(provider, item, referenced));
  const before = continues ? [] : earlier.flatMap((turn) => itemsOf(turn, forgotten ? undefined : provider));
  const all = [...before, ...said];
  if (continues && said.every((item, at) => item === items[at])) return UNCHANGED;
  const kept = all.filter((item) => item !== undefined);
  return {
    changes: { input: kept, ...(continues ? {} : { previous_response_id: undefined }) },
    dropped: kept.length < all.length ? ["input.encrypted_content"] : [],
  };
}

const NOTHING_BEFORE: Conversation = { earlier: [], referenced: new Map() };
const UNCHANGED: Continuation = { changes: {}, dropped: [] };

function isKeptBy(provider: string | undefined, answeredBy: string, turn: string): boolean {
  return answeredBy === provider && !isOurResponseId(turn);
}

/** An item of the request itself; undefined when it is a thought that this provider cannot open. */
function asKnownTo(provider: string, item: JsonObject, referenced: Conversation["referenced"]): JsonObject | undefined {
  const found = typeOfItem(item) === "item_reference" ? referenced.get(String(item.id)) : undefined;
  if (found) return isKeptBy(provider, found.provider, found.turn) ? item : foreign(found.item);
  return isOurs(item) ? foreign(item) : item;
}

/** With no provider: as they are for one that has none of them. */
function itemsOf(turn: Turn, provider: string | undefined): (JsonObject | undefined)[] {
  const response = tryParse(turn.response);
  const output = isObject(response) ? inputItems(response.output) : [];
  const said = [...inputItems(tryParse(turn.input)), ...output];
  const known = isKeptBy(provider, turn.provider, turn.id);
  return said.map((item) => (known && !isOurs(item) ? item : foreign(item)));
}

function isOurs({ id, encrypted_content }: JsonObject): boolean {
  return isOurItemId(id) || isOurSeal(encrypted_content);
}

function foreign(item: JsonObject): JsonObject | undefined {
  if (typeOfItem(item) === "reasoning") return undefined;
  const { id, ...rest } = item;
  return rest;
}
