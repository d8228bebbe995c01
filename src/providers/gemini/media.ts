/** Pictures, sound and documents as parts: by value, or by an address that Google fetches. */
import type { JsonObject } from "../../protocol/json.ts";
import { type Data, readDataUrl } from "../chat/data-url.ts";
import { unsupported } from "../chat/refuse.ts";

/** What a URL leads to; `kind` is what the client calls it, for addresses whose ending does not tell. */
export type MediaKind = "image" | "audio" | "video" | "file";

export function mediaPart(url: string, kind: MediaKind, path: string): JsonObject {
  const data = readDataUrl(url);
  return data ? inlinePart(data, path) : filePart(url, kind, path);
}

/** Types that Gemini reads are its own affair; what no model of it reads is refused here, where another provider can still be asked. */
export function inlinePart({ mediaType, base64 }: Data, path: string): JsonObject {
  const mimeType = knownType(mediaType);
  if (mimeType === undefined) throw unsupported(path, `content of type ${mediaType.slice(0, 80)}`);
  return { inlineData: { mimeType, data: base64 } };
}

function knownType(mediaType: string): string | undefined {
  if (mediaType === "image/jpg") return "image/jpeg";
  if (/^application\/(json|xml|yaml|x-yaml|javascript|x-javascript)$/.test(mediaType)) return "text/plain";
  return /^(image|audio|video|text)\/|^application\/pdf$/.test(mediaType) ? mediaType : undefined;
}

/** Google fetches from the web, from Cloud Storage and from its own Files API. */
function filePart(url: string, kind: MediaKind, path: string): JsonObject {
  if (!/^(https?|gs):\/\//i.test(url)) throw unsupported(path, "addresses of this kind");
  return { fileData: { mimeType: typeOfUrl(url) ?? GUESSES[kind], fileUri: url } };
}

const GUESSES: Readonly<Record<MediaKind, string>> = {
  image: "image/jpeg",
  audio: "audio/mpeg",
  video: "video/mp4",
  file: "application/pdf",
};

function typeOfUrl(url: string): string | undefined {
  if (/^https?:\/\/(www\.)?(youtube\.com|youtu\.be)\//i.test(url)) return "video/mp4";
  return typeOfName(url.replace(/[?#].*$/s, ""));
}

export function typeOfName(name: string): string | undefined {
  return TYPES.get(/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "");
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["heic", "image/heic"],
  ["heif", "image/heif"],
  ["bmp", "image/bmp"],
  ["avif", "image/avif"],
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["log", "text/plain"],
  ["json", "text/plain"],
  ["yaml", "text/plain"],
  ["yml", "text/plain"],
  ["md", "text/markdown"],
  ["html", "text/html"],
  ["htm", "text/html"],
  ["css", "text/css"],
  ["csv", "text/csv"],
  ["xml", "text/xml"],
  ["rtf", "text/rtf"],
  ["py", "text/x-python"],
  ["js", "text/javascript"],
  ["mp3", "audio/mp3"],
  ["wav", "audio/wav"],
  ["aac", "audio/aac"],
  ["aiff", "audio/aiff"],
  ["flac", "audio/flac"],
  ["ogg", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["m4a", "audio/m4a"],
  ["mp4", "video/mp4"],
  ["mov", "video/quicktime"],
  ["mpeg", "video/mpeg"],
  ["mpg", "video/mpeg"],
  ["webm", "video/webm"],
  ["avi", "video/x-msvideo"],
  ["wmv", "video/x-ms-wmv"],
  ["flv", "video/x-flv"],
  ["3gp", "video/3gpp"],
]);
