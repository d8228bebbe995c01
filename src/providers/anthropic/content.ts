import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type Data, readDataUrl, readFileData } from "../chat/data-url.ts";
import { dropOthers, invalid, unsupported } from "../chat/refuse.ts";

/** A content block of Anthropic's. */
export type Block = JsonObject & { readonly type: string };

export interface Place {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
  readonly drop: (path: string) => void;
}

/**
 * OpenAI's content as Anthropic's blocks. Blank text goes, since Anthropic refuses it; parts of no OpenAI type are taken
 * for Anthropic's own. Content that has no form there is an error `unsupported`: leaving it out would change the question.
 */
export function blocksOf(content: unknown, { path, drop }: Place): Block[] {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return isBlank(content) ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(path, "must be text or an array of parts");
  return content.flatMap((part: unknown, at) => blockOf(part, { path: `${path}[${at}]`, drop }) ?? []);
}

export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

function blockOf(part: unknown, place: Place): Block | undefined {
  if (!isObject(part) || typeof part.type !== "string") throw invalid(place.path, "must be an object with a type");
  const known = KNOWN.get(part.type);
  if (known) dropOthers(part, { known, path: "messages.content", drop: place.drop });
  switch (part.type) {
    case "text":
      return textBlock(part, part.text, place);
    case "refusal":
      return textBlock(part, part.refusal, place);
    case "image_url":
      return imageBlock(part, place);
    case "file":
      return fileBlock(part, place);
    case "input_audio":
      throw unsupported(place.path, "audio");
    default:
      return part as Block;
  }
}

/** Members of OpenAI's parts that are read here. Parts of other types pass whole. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["text", new Set(["type", "text", "cache_control", "citations"])],
  ["refusal", new Set(["type", "refusal", "cache_control", "citations"])],
  ["image_url", new Set(["type", "image_url", "cache_control"])],
  ["file", new Set(["type", "file", "cache_control", "citations", "context", "title"])],
]);

function textBlock(part: JsonObject, text: unknown, { path }: Place): Block | undefined {
  if (typeof text !== "string") throw invalid(`${path}.${part.type}`, "must be a string");
  return isBlank(text) ? undefined : { type: "text", text, ...marks(part, ["cache_control", "citations"]) };
}

/** Anthropic's marks on a block, which a client may set on OpenAI's parts. */
function marks(part: JsonObject, names: readonly string[] = ["cache_control"]): JsonObject {
  return Object.fromEntries(names.filter((name) => part[name]).map((name) => [name, part[name]]));
}

function imageBlock(part: JsonObject, { path, drop }: Place): Block {
  const { url, detail } = isObject(part.image_url) ? part.image_url : {};
  if (typeof url !== "string") throw invalid(`${path}.image_url.url`, "must be a string");
  if (detail && detail !== "auto") drop("messages.content.image_url.detail");
  const data = readDataUrl(url);
  const source = data ? base64Source(data) : { type: "url", url };
  return { type: "image", source, ...marks(part) };
}

function fileBlock(part: JsonObject, { path }: Place): Block {
  const { file_data, file_id, filename } = isObject(part.file) ? part.file : {};
  const named = filename ? { title: filename } : {};
  const document = (source: JsonObject): Block => ({
    type: "document",
    source,
    ...named,
    ...marks(part, DOCUMENT_MARKS),
  });
  if (typeof file_id === "string") return document({ type: "file", file_id });
  if (typeof file_data !== "string") throw invalid(`${path}.file`, "must hold file_data or file_id");
  const data = readFileData(file_data, filename);
  if (data.mediaType === "application/pdf") return document(base64Source(data));
  if (data.mediaType.startsWith("image/")) return { type: "image", source: base64Source(data), ...marks(part) };
  if (!TEXT.test(data.mediaType)) throw unsupported(path, `files of type ${data.mediaType.slice(0, 80)}`);
  // Anthropic knows one type of text.
  return document({ type: "text", media_type: "text/plain", data: Buffer.from(data.base64, "base64").toString() });
}

const DOCUMENT_MARKS = ["cache_control", "citations", "context", "title"];

const TEXT = /^(text\/|application\/(json|xml|yaml|x-yaml|javascript)$)/;

function base64Source({ mediaType, base64 }: Data): JsonObject {
  return { type: "base64", media_type: mediaType, data: base64 };
}
