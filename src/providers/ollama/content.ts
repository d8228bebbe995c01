import { isObject, type JsonObject } from "../../protocol/json.ts";
import { readDataUrl, readFileData } from "../chat/data-url.ts";
import { nameLost } from "../chat/lost.ts";
import { invalid, unsupported } from "../chat/refuse.ts";

export interface Place {
  /** For error messages: `messages[2].content`. */
  readonly path: string;
  readonly drop: (path: string) => void;
}

export interface Said {
  readonly content: string;
  /** In base64. */
  readonly images?: readonly string[];
}

/** OpenAI's content as Ollama's: one text, its parts in lines of their own, and the images beside it. */
export function contentOf(content: unknown, { path, drop }: Place): Said {
  if (content === undefined || content === null) return { content: "" };
  if (typeof content === "string") return { content };
  if (!Array.isArray(content)) throw invalid(path, "must be text or an array of parts");
  const texts: string[] = [];
  const images: string[] = [];
  for (const [at, part] of content.entries()) {
    const place = { path: `${path}[${at}]`, drop };
    if (!isObject(part) || typeof part.type !== "string") throw invalid(place.path, "must be an object with a type");
    nameLost(part, PART, (name) => drop(`messages.content.${name}`));
    const text = part.type === "text" ? part.text : part.type === "refusal" ? part.refusal : undefined;
    if (typeof text === "string") texts.push(text);
    else images.push(imageIn(part, place));
  }
  return { content: texts.join("\n"), ...(images.length > 0 ? { images } : {}) };
}

const PART: ReadonlySet<string> = new Set(["type", "text", "refusal", "image_url", "file"]);

/** Ollama fetches nothing and sees nothing but images: what else the client sends is an error, since leaving it out would change the question. */
function imageIn(part: JsonObject, place: Place): string {
  if (part.type === "image_url") return imageOf(part, place);
  if (part.type === "file" && isObject(part.file) && typeof part.file.file_data === "string") {
    const { mediaType, base64 } = readFileData(part.file.file_data, part.file.filename);
    if (mediaType.startsWith("image/")) return base64;
  }
  throw unsupported(place.path, `content of type ${String(part.type).slice(0, 40)}`);
}

function imageOf(part: JsonObject, { path, drop }: Place): string {
  const { url, detail } = isObject(part.image_url) ? part.image_url : {};
  if (typeof url !== "string") throw invalid(`${path}.image_url.url`, "must be a string");
  if (detail && detail !== "auto") drop("messages.content.image_url.detail");
  const data = readDataUrl(url);
  if (!data) throw unsupported(`${path}.image_url.url`, "images by URL, only as data");
  return data.base64;
}
