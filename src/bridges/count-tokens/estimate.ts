import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * About how many tokens a request to the Messages API costs. Within a quarter of the truth for prose and code, rather above
 * it than below; further off for images and documents, whose size in tokens the request does not tell.
 */
export function estimateTokens({ system, messages, tools }: JsonObject): number {
  const turns = Array.isArray(messages) ? messages.filter(isObject) : [];
  const offered = Array.isArray(tools) ? tools : [];
  const said = turns.reduce((sum, { content }) => sum + TURN_TOKENS + contentTokens(content), 0);
  const schemas = offered.reduce((sum: number, tool) => sum + TOOL_TOKENS + textTokens(JSON.stringify(tool)), 0);
  return Math.ceil(contentTokens(system) + said + schemas + (offered.length > 0 ? TOOLS_TOKENS : 0));
}

/** What frames a turn, a tool, and the tools as a whole (Anthropic's documentation puts the last at some hundred). */
const TURN_TOKENS = 4;
const TOOL_TOKENS = 8;
const TOOLS_TOKENS = 300;
/** A picture of about a megapixel; smaller ones cost less. */
const IMAGE_TOKENS = 1500;
/** A page is some 50 KB of a PDF and, as text and picture, some 2,500 tokens. */
const BASE64_PER_PDF_TOKEN = 27;

function contentTokens(content: unknown): number {
  if (typeof content === "string") return textTokens(content);
  if (!Array.isArray(content)) return 0;
  return content.filter(isObject).reduce((sum, block) => sum + blockTokens(block), 0);
}

function blockTokens(block: JsonObject): number {
  switch (block.type) {
    case "text":
      return textTokens(String(block.text));
    case "image":
      return IMAGE_TOKENS;
    case "document":
      return documentTokens(block);
    case "tool_result":
      return TURN_TOKENS + contentTokens(block.content);
    case "thinking":
      return textTokens(String(block.thinking));
    default:
      return textTokens(JSON.stringify(block));
  }
}

function documentTokens({ source, title, context }: JsonObject): number {
  const { type, data, content } = isObject(source) ? source : {};
  const heading = textTokens([title, context].filter((line) => typeof line === "string").join(" "));
  if (type === "text") return heading + textTokens(String(data));
  if (type === "content") return heading + contentTokens(content);
  return heading + (typeof data === "string" ? data.length / BASE64_PER_PDF_TOKEN : IMAGE_TOKENS);
}

/** Tokenizers are at home in English: about four characters of it make a token, two of other alphabets, one of Chinese. */
function textTokens(text: string): number {
  let ascii = 0;
  let alphabetic = 0;
  let other = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128) ascii++;
    else if (code < 0x2e80) alphabetic++;
    else other++;
  }
  return ascii / 3.7 + alphabetic / 2 + other;
}
