/**
 * Thoughts between two APIs. Anthropic signs its thoughts and wants them back unchanged; other models' thoughts are plain
 * text in `reasoning_content`. In place of a signature those carry a mark that tells who thought them: whoever wants its
 * thoughts back gets them, and Anthropic never sees a signature that is not its own (providers/anthropic/foreign.ts).
 */
import type { Target } from "../../core/policy.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { Way } from "./way.ts";

const FOREIGN = "reasoning_content@";

/** In place of a signature, for thoughts that have none. */
export function foreignSignature({ name }: Target): string {
  return FOREIGN + name;
}

/** The thoughts of an earlier turn, as members of a chat message. */
export function thoughtsOf(blocks: readonly JsonObject[], way: Way): JsonObject {
  if (blocks.length === 0) return {};
  return way.translated ? translatedThoughts(blocks) : ownThoughts(blocks, way);
}

/** A wire that is translated takes signed thoughts or text, whichever it knows, and names what it does not. */
function translatedThoughts(blocks: readonly JsonObject[]): JsonObject {
  const signed = blocks.filter(isSigned);
  const text = textIn(blocks);
  return {
    ...(text === "" ? {} : { reasoning_content: text }),
    ...(signed.length > 0 ? { thinking_blocks: signed.map(withoutMarks) } : {}),
  };
}

/** A server that speaks chat itself gets back what it thought, in the field it told it in. OpenAI tells none and knows no such field. */
function ownThoughts(blocks: readonly JsonObject[], { target, drop }: Way): JsonObject {
  const own = blocks.filter(({ signature }) => signature === foreignSignature(target));
  if (own.length < blocks.length) drop("messages.content.thinking");
  const text = textIn(own);
  return text === "" ? {} : { reasoning_content: text };
}

function isSigned({ type, signature, data }: JsonObject): boolean {
  if (type === "redacted_thinking") return typeof data === "string" && data !== "";
  return typeof signature === "string" && signature !== "" && !signature.startsWith(FOREIGN);
}

function withoutMarks({ type, thinking, signature, data }: JsonObject): JsonObject {
  return type === "redacted_thinking" ? { type, data } : { type, thinking, signature };
}

function textIn(blocks: readonly JsonObject[]): string {
  return blocks.map(({ thinking }) => (typeof thinking === "string" ? thinking : "")).join("");
}

/** The thoughts of an answer, as blocks: signed ones as they came, text with the mark. */
export function thinkingBlocks(message: JsonObject, target: Target): JsonObject[] {
  const { thinking_blocks: blocks } = message;
  if (Array.isArray(blocks) && blocks.length > 0) return blocks.filter(isObject);
  const thinking = reasoningIn(message);
  return thinking === "" ? [] : [{ type: "thinking", thinking, signature: foreignSignature(target) }];
}

/** `reasoning` is what OpenRouter, Groq and newer vLLM call it. */
export function reasoningIn({ reasoning_content: content, reasoning }: JsonObject): string {
  if (typeof content === "string" && content !== "") return content;
  return typeof reasoning === "string" ? reasoning : "";
}
