/** The items of an answer, made of what a chat's assistant said. */
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { seal } from "../../protocol/responses.ts";

/** What chat tells of a thought: text to be read, and what has to come back unchanged. */
export function reasoningItem(
  id: string,
  { texts, sealed }: { texts: readonly string[]; sealed: JsonObject },
): JsonObject {
  return {
    id,
    type: "reasoning",
    summary: texts.map((text) => ({ type: "summary_text", text })),
    ...(Object.keys(sealed).length > 0 ? { encrypted_content: seal(sealed) } : {}),
  };
}

export function messageItem(id: string, status: string, content: readonly JsonObject[]): JsonObject {
  return { id, type: "message", status, role: "assistant", content };
}

export function textPart(
  text: string,
  { annotations = [], logprobs = [] }: { annotations?: readonly JsonObject[]; logprobs?: readonly JsonObject[] } = {},
): JsonObject {
  return { type: "output_text", text, annotations, logprobs };
}

export function refusalPart(refusal: string): JsonObject {
  return { type: "refusal", refusal };
}

/** A chat's tool call, as far as it is known. */
export interface Called {
  readonly custom: boolean;
  readonly callId: string;
  readonly name: string;
  /** JSON for a function, free text for a custom tool. */
  readonly text: string;
}

export function callItem(id: string, status: string, { custom, callId, name, text }: Called): JsonObject {
  if (custom) return { id, type: "custom_tool_call", call_id: callId, name, input: text };
  return { id, type: "function_call", status, call_id: callId, name, arguments: text };
}

/** What a chat's message holds that a Response has no place for: it travels sealed in a reasoning item. */
export function sealedIn(message: JsonObject, calls: readonly JsonObject[]): JsonObject {
  const { thinking_blocks: blocks, extra_content } = message;
  const extras = calls.flatMap((call) => {
    const { id, type, index, function: named, custom, ...extra } = call;
    return typeof id === "string" && Object.keys(extra).length > 0 ? [[id, extra] as const] : [];
  });
  return {
    ...(Array.isArray(blocks) && blocks.length > 0 ? { thinking_blocks: blocks } : {}),
    ...(extra_content === undefined || extra_content === null ? {} : { extra_content }),
    ...(extras.length > 0 ? { calls: Object.fromEntries(extras) } : {}),
  };
}

/** Nested in chat, flat in a Response, where places and a title must be told. */
export function annotationsOf(annotations: unknown): JsonObject[] {
  const cited = Array.isArray(annotations) ? annotations.filter(isObject) : [];
  return cited.flatMap(({ url_citation: citation }) => {
    if (!isObject(citation) || typeof citation.url !== "string") return [];
    const { start_index, end_index, title } = citation;
    return [
      {
        ...citation,
        type: "url_citation",
        start_index: place(start_index),
        end_index: place(end_index),
        title: title ?? "",
      },
    ];
  });
}

function place(index: unknown): number {
  return typeof index === "number" ? index : 0;
}

export function logprobsOf(logprobs: unknown): JsonObject[] {
  const tokens = isObject(logprobs) && Array.isArray(logprobs.content) ? logprobs.content.filter(isObject) : [];
  return tokens.map((token) => ({ ...withBytes(token), top_logprobs: topOf(token.top_logprobs) }));
}

function topOf(top: unknown): JsonObject[] {
  return Array.isArray(top) ? top.filter(isObject).map(withBytes) : [];
}

function withBytes(token: JsonObject): JsonObject {
  return { ...token, bytes: token.bytes ?? [] };
}

/** The text of a message: most servers send a string, some parts with their thoughts among them. */
export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  return parts.map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** Under the names that servers of chat have for it. */
export function thoughtIn({ reasoning_content, reasoning, content }: JsonObject): string {
  if (typeof reasoning_content === "string") return reasoning_content;
  if (typeof reasoning === "string") return reasoning;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  return parts.map(({ thinking }) => textIn(thinking)).join("");
}

export interface Ending {
  readonly status: "completed" | "incomplete";
  readonly incomplete_details: JsonObject | null;
}

export function endingOf(finishReason: unknown): Ending {
  const reason = INCOMPLETE.get(finishReason);
  if (reason === undefined) return { status: "completed", incomplete_details: null };
  return { status: "incomplete", incomplete_details: { reason } };
}

const INCOMPLETE: ReadonlyMap<unknown, string> = new Map([
  ["length", "max_output_tokens"],
  ["content_filter", "content_filter"],
]);

/** Servers have tiers of their own, which a Response cannot name. */
export function tierOf(tier: unknown): JsonObject {
  return TIERS.has(tier) ? { service_tier: tier } : {};
}

const TIERS: ReadonlySet<unknown> = new Set(["auto", "default", "flex", "scale", "priority"]);
