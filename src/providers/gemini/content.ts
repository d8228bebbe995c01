import { isObject, type JsonObject } from "../../protocol/json.ts";
import { readDataUrl, readFileData } from "../chat/data-url.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { inlinePart, type MediaKind, mediaPart, typeOfName } from "./media.ts";

/** A part of Gemini's: exactly one of text, inlineData, fileData, functionCall, … and marks beside it. */
export type Part = JsonObject;

export interface Place {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
  readonly drop: (path: string) => void;
}

/**
 * OpenAI's content as Gemini's parts; parts that are Gemini's own pass. Content that has no form there is an error
 * `unsupported`: leaving it out would change the question.
 */
export function partsOf(content: unknown, { path, drop }: Place): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [{ text: content }];
  if (!Array.isArray(content)) throw invalid(path, "must be text or an array of parts");
  return content.map((part: unknown, at) => partOf(part, { path: `${path}[${at}]`, drop }));
}

function partOf(part: unknown, place: Place): Part {
  if (!isObject(part)) throw invalid(place.path, "must be an object");
  if (part.type === undefined && NATIVE.some((name) => part[name] !== undefined)) return part;
  if (part.cache_control) place.drop("messages.content.cache_control");
  switch (part.type) {
    case "text":
      return textPart(part.text, `${place.path}.text`);
    case "refusal":
      return textPart(part.refusal, `${place.path}.refusal`);
    case "image_url":
      return imagePart(part, place);
    case "video_url":
      return urlPart(part.video_url, "video", `${place.path}.video_url`);
    case "audio_url":
      return urlPart(part.audio_url, "audio", `${place.path}.audio_url`);
    case "input_audio":
      return audioPart(part, place);
    case "file":
      return documentPart(part, place);
    default:
      throw unsupported(place.path, `content parts of type '${String(part.type).slice(0, 40)}'`);
  }
}

const NATIVE = ["text", "inlineData", "inline_data", "fileData", "file_data", "executableCode", "codeExecutionResult"];

function textPart(text: unknown, path: string): Part {
  if (typeof text !== "string") throw invalid(path, "must be a string");
  return { text };
}

function imagePart(part: JsonObject, { path, drop }: Place): Part {
  const detail = isObject(part.image_url) ? part.image_url.detail : undefined;
  // How fine Gemini looks at pictures is a setting of the whole request.
  if (detail && detail !== "auto") drop("messages.content.image_url.detail");
  return urlPart(part.image_url, "image", `${path}.image_url`);
}

function urlPart(value: unknown, kind: MediaKind, path: string): Part {
  const url = isObject(value) ? value.url : value;
  if (typeof url !== "string") throw invalid(`${path}.url`, "must be a string");
  return mediaPart(url, kind, path);
}

function audioPart(part: JsonObject, { path }: Place): Part {
  const { data, format } = isObject(part.input_audio) ? part.input_audio : {};
  if (typeof data !== "string") throw invalid(`${path}.input_audio.data`, "must be a string");
  const mediaType = typeof format === "string" ? (typeOfName(`.${format}`) ?? `audio/${format}`) : "audio/wav";
  return inlinePart(readDataUrl(data) ?? { mediaType, base64: data }, path);
}

/** A document by value, or one that Google already has: `files/…` of its Files API, Cloud Storage, the web. */
function documentPart(part: JsonObject, { path, drop }: Place): Part {
  const { file_data, file_id, filename } = isObject(part.file) ? part.file : {};
  if (typeof file_id === "string") return mediaPart(uriOfFile(file_id, path), "file", path);
  if (typeof file_data !== "string") throw invalid(`${path}.file`, "must hold file_data or file_id");
  // The model reads the document, not what it is called.
  if (filename) drop("messages.content.file.filename");
  if (/^(https?|gs):\/\//i.test(file_data)) return mediaPart(file_data, "file", path);
  const data = readFileData(file_data, filename);
  const named = typeof filename === "string" ? typeOfName(filename) : undefined;
  const mediaType = data.mediaType === "application/octet-stream" ? (named ?? data.mediaType) : data.mediaType;
  return inlinePart({ ...data, mediaType }, path);
}

function uriOfFile(id: string, path: string): string {
  if (/^files\/[\w-]+$/.test(id)) return `https://generativelanguage.googleapis.com/v1beta/${id}`;
  if (/^(https?|gs):\/\//i.test(id)) return id;
  throw unsupported(path, "files of another provider");
}
