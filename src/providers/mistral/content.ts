import { isObject, type JsonObject } from "../../protocol/json.ts";
import { readFileData } from "../chat/data-url.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { mapped, withOnly } from "./fields.ts";

export interface Place {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
  readonly drop: (path: string) => void;
}

/** Content as Mistral takes it: itself where nothing has to change. Parts of no OpenAI type are taken for Mistral's own. */
export function contentFor(content: unknown, { path, drop }: Place): unknown {
  if (!Array.isArray(content)) return content;
  return mapped(content, (part: unknown, at) => partFor(part, { path: `${path}[${at}]`, drop }));
}

function partFor(part: unknown, place: Place): unknown {
  if (!isObject(part) || typeof part.type !== "string") throw invalid(place.path, "must be an object with a type");
  const lost = (name: string) => place.drop(`messages.content.${name}`);
  switch (part.type) {
    case "text":
      return withOnly(part, TEXT, lost);
    case "refusal":
      return { type: "text", text: part.refusal };
    case "image_url":
      return imageFor(withOnly(part, IMAGE, lost), place);
    case "file":
      return isObject(part.file) ? fileFor(part.file, place) : part;
    case "input_audio":
      return audioFor(part, place);
    default:
      return part;
  }
}

const TEXT = new Set(["type", "text"]);
const IMAGE = new Set(["type", "image_url"]);
const IMAGE_URL = new Set(["url", "detail"]);

function imageFor(part: JsonObject, { drop }: Place): JsonObject {
  if (!isObject(part.image_url)) return part;
  const image = withOnly(part.image_url, IMAGE_URL, (name) => drop(`messages.content.image_url.${name}`));
  return image === part.image_url ? part : { ...part, image_url: image };
}

/** Documents go by URL, and a data URL is one. */
function fileFor({ file_data, file_id, filename }: JsonObject, { path }: Place): JsonObject {
  if (typeof file_id === "string") return { type: "file", file_id };
  if (typeof file_data !== "string") throw invalid(`${path}.file`, "must hold file_data or file_id");
  const { mediaType, base64 } = readFileData(file_data, filename);
  const url = `data:${mediaType};base64,${base64}`;
  if (mediaType.startsWith("image/")) return { type: "image_url", image_url: url };
  if (!DOCUMENT.test(mediaType)) throw unsupported(path, `files of type ${mediaType.slice(0, 80)}`);
  return { type: "document_url", document_url: url, ...(filename ? { document_name: filename } : {}) };
}

const DOCUMENT = /^application\/(pdf$|vnd\.openxmlformats-officedocument\.)/;

/** The data alone, without OpenAI's word for its format. */
function audioFor(part: JsonObject, { path }: Place): JsonObject {
  if (!isObject(part.input_audio)) return part;
  const { data } = part.input_audio;
  if (typeof data !== "string") throw invalid(`${path}.input_audio.data`, "must be a string");
  return { type: "input_audio", input_audio: data };
}
