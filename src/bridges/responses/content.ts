import { isObject, type JsonObject } from "../../protocol/json.ts";
import { invalid, unsupported, type Way } from "./way.ts";

export interface Place {
  /** For error messages: `input[2].content`. */
  readonly path: string;
  readonly way: Way;
}

/** The content of a message or of a tool's output as chat has it: text, or parts. */
export function contentOf(content: unknown, place: Place): string | JsonObject[] {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw invalid(place.path, "must be text or an array of parts");
  const parts = content.map((part: unknown, at) => partOf(part, { ...place, path: `${place.path}[${at}]` }));
  const [only] = parts;
  return parts.length === 1 && isBareText(only!) ? String(only!.text) : parts;
}

/** Nothing but text, so that a server which knows no parts can read it as well. */
export function isBareText(part: JsonObject): boolean {
  return part.type === "text" && Object.keys(part).length === 2;
}

export function partOf(part: unknown, place: Place): JsonObject {
  if (!isObject(part) || typeof part.type !== "string") throw invalid(place.path, "must be an object with a type");
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
      return textPart(part, place);
    case "refusal":
      return { type: "refusal", refusal: part.refusal };
    case "input_image":
      return imagePart(part, place);
    case "input_file":
      return filePart(part, place);
    case "input_audio":
      return part;
    default:
      throw unsupported(`${place.path}.type`, `content of the type ${part.type.slice(0, 80)}`);
  }
}

/** What belongs to an answer stays behind; marks of a provider's own go along. */
function textPart(part: JsonObject, { path }: Place): JsonObject {
  const { type, text, annotations, logprobs, prompt_cache_breakpoint, ...marks } = part;
  if (typeof text !== "string") throw invalid(`${path}.text`, "must be a string");
  return { type: "text", text, ...marks };
}

function imagePart(part: JsonObject, { path }: Place): JsonObject {
  const { type, image_url: url, file_id, detail, prompt_cache_breakpoint, ...marks } = part;
  if (typeof file_id === "string") throw unsupported(`${path}.file_id`, "images by a file's id");
  if (typeof url !== "string") throw invalid(`${path}.image_url`, "must be a string");
  const close = detail === undefined || detail === null || detail === "auto" ? {} : { detail };
  return { type: "image_url", image_url: { url, ...close }, ...marks };
}

function filePart(part: JsonObject, { path, way }: Place): JsonObject {
  const { type, file_url, file_data, file_id, filename, detail, prompt_cache_breakpoint, ...marks } = part;
  if (typeof file_url === "string") throw unsupported(`${path}.file_url`, "files by URL");
  if (detail !== undefined && detail !== null && detail !== "auto") way.drop("input.content.detail");
  const told = { file_data, file_id, filename };
  const file = Object.fromEntries(Object.entries(told).filter(([, value]) => typeof value === "string"));
  return { type: "file", file, ...marks };
}
