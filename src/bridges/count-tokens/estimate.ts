import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * About how many tokens a request to the Messages API costs. The constants come from what Anthropic counted for recorded
 * requests, within a quarter of which the estimate lies; other models count otherwise, and nobody's frame is ours to know.
 */
export function estimateTokens({ system, messages, tools, thinking, ...asked }: JsonObject): number {
  const turns = Array.isArray(messages) ? messages.filter(isObject) : [];
  const said = turns.reduce((sum, { content }) => sum + TURN_TOKENS + contentTokens(content), 0);
  const { format = asked.output_format } = isObject(asked.output_config) ? asked.output_config : {};
  const parts = [
    contentTokens(system),
    said,
    toolTokens(tools),
    isObject(format) ? FORMAT_TOKENS + textTokens(JSON.stringify(format)) : 0,
    isObject(thinking) && thinking.type === "enabled" ? THINKING_TOKENS : 0,
  ];
  return Math.ceil(parts.reduce((sum, tokens) => sum + tokens, 0));
}

/** What frames a turn, a tool, the tools as a whole, a form of the answer, and leave to think. */
const TURN_TOKENS = 8;
const TOOL_TOKENS = 8;
const TOOLS_TOKENS = 450;
const FORMAT_TOKENS = 180;
const THINKING_TOKENS = 30;

/** A picture costs by its pixels, which its bytes tell about: a megapixel in JPEG is some 200 KB. */
const BASE64_PER_IMAGE_TOKEN = 170;
const MIN_IMAGE_TOKENS = 85;
const MAX_IMAGE_TOKENS = 1600;
/** A page goes as text and as picture; with pictures of its own it is some 50 KB of a PDF. */
const PAGE_TOKENS = 1700;
const BASE64_PER_PAGE = 66_000;

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
      return imageTokens(block.source);
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

function toolTokens(tools: unknown): number {
  if (!Array.isArray(tools) || tools.length === 0) return 0;
  return tools.reduce((sum: number, tool) => sum + TOOL_TOKENS + textTokens(JSON.stringify(tool)), TOOLS_TOKENS);
}

function imageTokens(source: unknown): number {
  const { data } = isObject(source) ? source : {};
  if (typeof data !== "string") return MAX_IMAGE_TOKENS;
  return Math.min(MAX_IMAGE_TOKENS, Math.max(MIN_IMAGE_TOKENS, data.length / BASE64_PER_IMAGE_TOKEN));
}

function documentTokens({ source, title, context }: JsonObject): number {
  const { type, data, content } = isObject(source) ? source : {};
  const heading = textTokens([title, context].filter((line) => typeof line === "string").join(" "));
  if (type === "text") return heading + textTokens(String(data));
  if (type === "content") return heading + contentTokens(content);
  const pages = typeof data === "string" ? Math.ceil(data.length / BASE64_PER_PAGE) : 1;
  return heading + pages * PAGE_TOKENS;
}

/** Tokenizers are at home in English: some four characters of it make a token, two of other alphabets, one of Chinese. */
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
