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
export function withoutForeign({ text, value }: JsonBody): Cleaned {
  if (!text.includes(FOREIGN_SIGNATURE) && !text.includes('"extra_content"')) return UNCHANGED;
  const exact = parseExactly(text);
  const { messages } = isObject(exact) ? exact : value;
  if (!Array.isArray(messages)) return UNCHANGED;
  let thoughts = 0;
  const blockOf = (block: unknown): unknown[] => {
    if (!isObject(block)) return [block];
    if (isForeignThought(block)) {
      thoughts++;
      return [];
    }
    const { extra_content: _, ...own } = block;
    return [block.type === "tool_use" ? own : block];
  };
  const cleaned = messages.map((message: unknown) =>
    isObject(message) && Array.isArray(message.content)
      ? { ...message, content: message.content.flatMap(blockOf) }
      : message,
  );
  return { messages: { messages: cleaned }, dropped: thoughts > 0 ? ["messages.content.thinking"] : [] };
}

const FOREIGN_SIGNATURE = '"reasoning_content@';
const UNCHANGED: Cleaned = { dropped: [] };

function isForeignThought({ type, signature }: JsonObject): boolean {
  return type === "thinking" && typeof signature === "string" && signature.startsWith(FOREIGN_SIGNATURE.slice(1));
}
