import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonBody, type JsonObject } from "../../protocol/json.ts";

export interface Cleaned {
  /** Present when something had to go. */
  readonly messages?: { readonly messages: readonly unknown[] };
  readonly dropped: readonly string[];
}

/**
 * A conversation may have been answered by other models before: their thoughts carry a mark in place of Anthropic's
 * signature (see bridges/messages), and their tool calls state of their own. Anthropic refuses both.
 */
export function withoutForeign(body: JsonBody): Cleaned {
  const { messages } = body.value;
  if (!Array.isArray(messages) || !messages.some(holdsForeign)) return UNCHANGED;
  const thoughts = messages.some((message) => contentOf(message).some(isForeignThought));
  const cleaned = messagesIn(body).map((message) => {
    const content = contentOf(message);
    return content.length > 0 ? { ...(message as JsonObject), content: content.flatMap(own) } : message;
  });
  return { messages: { messages: cleaned }, dropped: thoughts ? ["messages.content.thinking"] : [] };
}

const UNCHANGED: Cleaned = { dropped: [] };

/** They are written anew: with numbers as they came, but for a body so large that its text is not kept. */
function messagesIn(body: JsonBody): readonly unknown[] {
  const exact = body.large ? body.value : parseExactly(body.text);
  return (isObject(exact) ? exact.messages : body.value.messages) as readonly unknown[];
}

function holdsForeign(message: unknown): boolean {
  return contentOf(message).some((block) => isForeignThought(block) || holdsState(block));
}

function contentOf(message: unknown): readonly unknown[] {
  return isObject(message) && Array.isArray(message.content) ? message.content : [];
}

function isForeignThought(block: unknown): boolean {
  if (!isObject(block) || block.type !== "thinking") return false;
  return typeof block.signature === "string" && block.signature.startsWith("reasoning_content@");
}

function holdsState(block: unknown): boolean {
  return isObject(block) && block.type === "tool_use" && block.extra_content !== undefined;
}

function own(block: unknown): unknown[] {
  if (isForeignThought(block)) return [];
  if (!holdsState(block)) return [block];
  const { extra_content: _, ...call } = block as JsonObject;
  return [call];
}
