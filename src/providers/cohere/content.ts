import { isObject, type JsonObject } from "../../protocol/json.ts";
import { readFileData } from "../chat/data-url.ts";
import { nameLost } from "../chat/lost.ts";
import { invalid, unsupported } from "../chat/refuse.ts";

export interface Place {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
  readonly drop: (path: string) => void;
  /** Takes the files that stand in the content. */
  readonly documents: JsonObject[];
}

/**
 * OpenAI's content as Cohere's: text and images are the same, files of text become documents, parts of no OpenAI type are
 * taken for Cohere's own. What has no form there is an error `unsupported`: leaving it out would change the question.
 */
export function contentOf(content: unknown, place: Place): unknown {
  if (!Array.isArray(content)) return content;
  return content.flatMap((part: unknown, at) => partOf(part, { ...place, path: `${place.path}[${at}]` }) ?? []);
}

function partOf(part: unknown, place: Place): JsonObject | undefined {
  if (!isObject(part) || typeof part.type !== "string") throw invalid(place.path, "must be an object with a type");
  switch (part.type) {
    case "text":
      return only(part, TEXT_PART, place);
    case "refusal":
      return { type: "text", text: part.refusal };
    case "image_url":
      return only(part, IMAGE_PART, place);
    case "file":
      place.documents.push(documentOf(part, place));
      return undefined;
    case "input_audio":
      throw unsupported(place.path, "audio");
    default:
      return part;
  }
}

/** Marks that other providers know (such as `cache_control`) are named as lost. */
function only(part: JsonObject, known: ReadonlySet<string>, { drop }: Place): JsonObject {
  nameLost(part, known, (name) => drop(`messages.content.${name}`));
  return Object.fromEntries(Object.entries(part).filter(([name]) => known.has(name)));
}

const TEXT_PART: ReadonlySet<string> = new Set(["type", "text"]);
const IMAGE_PART: ReadonlySet<string> = new Set(["type", "image_url"]);

function documentOf(part: JsonObject, { path, documents }: Place): JsonObject {
  const { file_data, filename } = isObject(part.file) ? part.file : {};
  if (typeof file_data !== "string") throw unsupported(`${path}.file`, "files by their id");
  const { mediaType, base64 } = readFileData(file_data, filename);
  if (!TEXT.test(mediaType)) throw unsupported(path, `files of type ${mediaType.slice(0, 80)}`);
  const text = Buffer.from(base64, "base64").toString();
  const title = typeof filename === "string" ? filename : undefined;
  return { id: `file-${documents.length + 1}`, data: { ...(title ? { title } : {}), text } };
}

const TEXT = /^(text\/|application\/(json|xml|yaml|x-yaml|javascript)$)/;
