import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type Data, readDataUrl, readFileData } from "../chat/data-url.ts";
import { dropOthers, invalid, unsupported } from "../chat/refuse.ts";
import { documentFormat, imageFormat } from "./formats.ts";

/** A content block of Converse's: an object whose one member tells what it is. */
export type Block = JsonObject;

/** What the parts of one request have in common. */
export interface Letter {
  readonly drop: (path: string) => void;
  readonly cachePoints: boolean;
  /** A name that no other document of the request has, in the characters that Converse takes. */
  nameDocument(filename: unknown): string;
}

export interface Place extends Letter {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
}

/**
 * OpenAI's content as Converse's blocks; a mark `cache_control` becomes a cache point behind its part. Empty text goes,
 * since Bedrock refuses it. Content that has no form there is an error `unsupported`: leaving it out would change the question.
 */
export function blocksOf(content: unknown, place: Place): Block[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ text: content }];
  if (!Array.isArray(content)) throw invalid(place.path, "must be text or an array of parts");
  return content.flatMap((part: unknown, at) => partOf(part, { ...place, path: `${place.path}[${at}]` }));
}

/** Nothing where the model has no prompt cache. */
export function cachePointFor(mark: unknown, { cachePoints, drop }: Letter, path = "messages.content"): Block[] {
  if (!isObject(mark)) return [];
  if (!cachePoints) drop(`${path}.cache_control`);
  const ttl = mark.ttl === undefined ? {} : { ttl: mark.ttl };
  return cachePoints ? [{ cachePoint: { type: "default", ...ttl } }] : [];
}

function partOf(part: unknown, place: Place): Block[] {
  if (!isObject(part)) throw invalid(place.path, "must be an object");
  if (part.type === undefined && OWN.some((name) => isObject(part[name]))) return [part];
  const block = blockOf(part, place);
  return block ? [block, ...cachePointFor(part.cache_control, place)] : [];
}

/** Blocks that a client may write as Converse has them. */
const OWN = ["cachePoint", "guardContent", "image", "document", "video", "audio", "searchResult"];

function blockOf(part: JsonObject, place: Place): Block | undefined {
  const { path, drop } = place;
  const known = KNOWN.get(part.type);
  if (known) dropOthers(part, { known, path: "messages.content", drop });
  switch (part.type) {
    case "text":
      return textBlock(part.text, `${path}.text`);
    case "refusal":
      return textBlock(part.refusal, `${path}.refusal`);
    case "image_url":
      return imageBlock(part.image_url, place);
    case "file":
      return fileBlock(part, place);
    case "input_audio":
      return audioBlock(part.input_audio, path);
    default:
      throw unsupported(path, `content of the type ${JSON.stringify(part.type)?.slice(0, 80)}`);
  }
}

/** Members of OpenAI's parts that are read here. */
const KNOWN: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  ["text", new Set(["type", "text", "cache_control"])],
  ["refusal", new Set(["type", "refusal", "cache_control"])],
  ["image_url", new Set(["type", "image_url", "cache_control"])],
  ["file", new Set(["type", "file", "cache_control", "citations", "context"])],
  ["input_audio", new Set(["type", "input_audio", "cache_control"])],
]);

function textBlock(text: unknown, path: string): Block | undefined {
  if (typeof text !== "string") throw invalid(path, "must be a string");
  return text === "" ? undefined : { text };
}

function imageBlock(image: unknown, { path, drop }: Place): Block {
  const { url, detail } = isObject(image) ? image : {};
  if (typeof url !== "string") throw invalid(`${path}.image_url.url`, "must be a string");
  if (detail && detail !== "auto") drop("messages.content.image_url.detail");
  const data = readDataUrl(url);
  if (data) return imageOf(data, path);
  if (!url.startsWith("s3://")) throw unsupported(path, "images by URL, only by data or from S3");
  const format = imageFormat(url);
  if (format === undefined) throw invalid(`${path}.image_url.url`, "must end in png, jpg, jpeg, gif or webp");
  return { image: { format, source: { s3Location: { uri: url } } } };
}

function imageOf({ mediaType, base64 }: Data, path: string): Block {
  const format = imageFormat(mediaType);
  if (format === undefined) throw unsupported(path, `images of type ${mediaType.slice(0, 80)}`);
  return { image: { format, source: { bytes: base64 } } };
}

/** Anthropic's marks on a document, `citations` and `context`, are Converse's too. */
function fileBlock(part: JsonObject, { path, nameDocument }: Place): Block {
  const { file_data, file_id, filename } = isObject(part.file) ? part.file : {};
  if (file_id !== undefined) throw unsupported(path, "files by id");
  if (typeof file_data !== "string") throw invalid(`${path}.file.file_data`, "must be a string");
  const data = readFileData(file_data, filename);
  if (data.mediaType.startsWith("image/")) return imageOf(data, path);
  const format = documentFormat(data.mediaType, filename);
  if (format === undefined) throw unsupported(path, `files of type ${data.mediaType.slice(0, 80)}`);
  const { citations, context } = part;
  return {
    document: {
      name: nameDocument(filename),
      format,
      source: { bytes: data.base64 },
      ...(isObject(citations) ? { citations } : {}),
      ...(typeof context === "string" ? { context } : {}),
    },
  };
}

function audioBlock(audio: unknown, path: string): Block {
  const { data, format } = isObject(audio) ? audio : {};
  if (typeof data !== "string" || typeof format !== "string") {
    throw invalid(`${path}.input_audio`, "must hold data and format");
  }
  return { audio: { format, source: { bytes: data } } };
}
