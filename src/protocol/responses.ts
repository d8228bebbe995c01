/** The shapes of OpenAI's Responses API that the gateway itself reads or writes. */
import { isObject, type JsonObject, tryParse } from "./json.ts";
import type { Usage } from "./openai.ts";

/** A response's `usage` as our Usage; undefined when there is nothing countable in it. */
export function readResponseUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const { input_tokens: input, output_tokens: output } = usage;
  if (typeof input !== "number" && typeof output !== "number") return undefined;
  const details = isObject(usage.input_tokens_details) ? usage.input_tokens_details : {};
  const outputDetails = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  return {
    promptTokens: count(input),
    completionTokens: count(output),
    cachedTokens: count(details.cached_tokens),
    cacheWriteTokens: count(details.cache_write_tokens),
    reasoningTokens: count(outputDetails.reasoning_tokens),
  };
}

export function writeResponseUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** A request's `input` as items: a bare text is what a user says. */
export function inputItems(input: unknown): readonly JsonObject[] {
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  return Array.isArray(input) ? input.filter(isObject) : [];
}

/** An item's `type`: messages need not name theirs. */
export function typeOfItem(item: JsonObject): string {
  if (typeof item.type === "string") return item.type;
  return item.role === undefined && typeof item.id === "string" ? "item_reference" : "message";
}

/** How an answer's stream ends well or with an answer that is not whole. */
export const RESPONSE_ENDS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete"]);

const OURS = "resp_gate";

/** The id of an answer that no provider has under it; `unique` is a UUID. */
export function responseId(unique: string): string {
  return OURS + unique.replaceAll("-", "");
}

/** Whether the gateway made this id, so that no provider knows it. */
export function isOurResponseId(id: string): boolean {
  return id.startsWith(OURS);
}

/** Whether an item's id is one of an answer with one of our ids. */
export function isOurItemId(id: unknown): boolean {
  return typeof id === "string" && /^[a-z]+_gate/.test(id);
}

/** The id of an item of an answer with one of our ids: `msg`, `rs`, `fc` or `ctc`, as OpenAI's begin. */
export function itemId(prefix: string, response: string, index: number): string {
  return `${prefix}_${response.slice("resp_".length)}${index.toString(16).padStart(4, "0")}`;
}

/** How the gateway seals what a chat's assistant message holds and a Response has no place for. */
const SEAL = "gate1.";

/** The `encrypted_content` of a reasoning item: opaque to clients, and given back by them unchanged. */
export function seal(content: JsonObject): string {
  return SEAL + Buffer.from(JSON.stringify(content)).toString("base64url");
}

export function isOurSeal(encrypted: unknown): encrypted is string {
  return typeof encrypted === "string" && encrypted.startsWith(SEAL);
}

/** Undefined for what another one sealed, and for what is no longer whole. */
export function unseal(encrypted: unknown): JsonObject | undefined {
  if (!isOurSeal(encrypted)) return undefined;
  const content = tryParse(Buffer.from(encrypted.slice(SEAL.length), "base64url").toString());
  return isObject(content) ? content : undefined;
}

/** An item of a request as the API lists it: with an id, and with its content as parts. */
export function itemResource(item: JsonObject, at: { readonly response: string; readonly index: number }): JsonObject {
  const type = typeOfItem(item);
  const id = item.id ?? `${PREFIXES.get(type) ?? "item"}_in_${at.response.replace(/^resp_/, "")}_${at.index}`;
  const told = { ...item, id, type, ...(item.status === undefined && type !== "reasoning" ? COMPLETED : {}) };
  return type === "message" ? { ...told, content: partsOf(item) } : told;
}

const COMPLETED = { status: "completed" };
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ["message", "msg"],
  ["reasoning", "rs"],
  ["function_call", "fc"],
  ["function_call_output", "fco"],
]);

function partsOf({ role, content }: JsonObject): unknown {
  if (typeof content !== "string") return content;
  if (role === "assistant") return [{ type: "output_text", text: content, annotations: [] }];
  return [{ type: "input_text", text: content }];
}
