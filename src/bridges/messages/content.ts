import { isObject, type JsonObject } from "../../protocol/json.ts";
import { markOf } from "./marks.ts";
import { invalid, unsupported, type Way } from "./way.ts";

/** A part of a chat message's content. */
export type Part = JsonObject & { readonly type: string };

/** Anthropic's content as blocks; text alone is one block. Blank text says nothing, and some providers refuse it. */
export function blocksOf(content: unknown, path: string): JsonObject[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(path, "must be a string or an array of content blocks");
  return content.map((block: unknown, at) => {
    if (!isObject(block) || typeof block.type !== "string") throw invalid(`${path}[${at}]`, "must be a content block");
    return block;
  });
}

/** What the user, a tool or the system says, as parts. A block without a form in a chat is an error: without it the question would be another. */
export function partsOf(block: JsonObject, path: string, way: Way): Part[] {
  switch (block.type) {
    case "text":
      return textParts(block, way);
    case "image":
      return [{ ...imagePart(block.source, path), ...markOf(block, "messages.content", way) }];
    case "document":
      return marked(documentParts(block, path, way), block, way);
    case "search_result":
      return marked([textPart(searchResultText(block))], block, way);
    default:
      throw unsupported(path, `content blocks of type ${String(block.type).slice(0, 80)}`);
  }
}

/** The plain string where nothing but one text is left to say: every server reads it. */
export function simplest(parts: readonly Part[]): string | readonly Part[] {
  const [only] = parts;
  if (parts.length === 0) return "";
  return parts.length === 1 && only!.type === "text" && Object.keys(only!).length === 2 ? String(only!.text) : parts;
}

export function textPart(text: string): Part {
  return { type: "text", text };
}

function textParts(block: JsonObject, way: Way): Part[] {
  if (typeof block.text !== "string" || block.text === "") return [];
  if (Array.isArray(block.citations) && block.citations.length > 0) way.drop("messages.content.citations");
  return [{ ...textPart(block.text), ...markOf(block, "messages.content", way) }];
}

function imagePart(source: unknown, path: string): Part {
  const { type, media_type: mediaType, data, url } = isObject(source) ? source : {};
  if (type === "base64") return { type: "image_url", image_url: { url: `data:${mediaType};base64,${data}` } };
  if (type === "url") return { type: "image_url", image_url: { url } };
  throw unsupported(`${path}.source`, `images from a source of type ${String(type).slice(0, 80)}`);
}

function documentParts(block: JsonObject, path: string, way: Way): Part[] {
  const { source, title, context, citations } = block;
  if (isObject(citations) && citations.enabled === true) way.drop("messages.content.citations");
  const { type, media_type: mediaType, data, file_id: fileId, content } = isObject(source) ? source : {};
  const heading = [title, context].filter((line) => typeof line === "string" && line !== "");
  const headed = heading.length > 0 ? [textPart(heading.join("\n\n"))] : [];
  switch (type) {
    case "text":
      return [textPart([...heading, data].join("\n\n"))];
    case "content":
      return [...headed, ...blocksOf(content, path).flatMap((inner) => partsOf(inner, `${path}.source.content`, way))];
    case "base64": {
      const named = typeof title === "string" && title !== "" ? title : undefined;
      const filename = named ?? (way.translated ? undefined : DOCUMENT_NAME);
      const file = {
        ...(filename ? { filename } : {}),
        file_data: `data:${mediaType ?? "application/pdf"};base64,${data}`,
      };
      return [...(context ? [textPart(String(context))] : []), { type: "file", file }];
    }
    case "file":
      return [...headed, { type: "file", file: { file_id: fileId } }];
    default:
      throw unsupported(`${path}.source`, `documents from a source of type ${String(type).slice(0, 80)}`);
  }
}

/** OpenAI wants a name; the end of it tells what the file is. */
const DOCUMENT_NAME = "document.pdf";

function searchResultText({ title, source, content }: JsonObject): string {
  const texts = Array.isArray(content) ? content.filter(isObject).map(({ text }) => text) : [];
  return [title, source, ...texts].filter((line) => typeof line === "string" && line !== "").join("\n\n");
}

/** A block's mark stands on the last of its parts. */
function marked(parts: readonly Part[], block: JsonObject, way: Way): Part[] {
  const mark = markOf(block, "messages.content", way);
  return parts.map((part, at) => (at === parts.length - 1 ? { ...part, ...mark } : part));
}
