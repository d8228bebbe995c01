import { isAscii } from "node:buffer";

/** The data of a picture, a sound or a document in a JSON string, less its beginning. */
export interface Run {
  /** Where the string's content starts. */
  readonly start: number;
  /** Where the part of it begins that can be left out: a whole number of base64's groups after the data's first. */
  readonly from: number;
  /** Where the string's content ends. */
  readonly to: number;
}

/** Shorter ones are not worth it. */
const MIN_RUN_BYTES = 256 * 1024;
/** So much stays readable: kinds of files are known by their first bytes. */
const KEPT_BYTES = 1024;

/**
 * Finds long base64 in JSON's UTF-8 without walking it: one look every so often is enough to meet each, and its ends are
 * searched for by the processor's own means. Only data that is never text is taken: a wire may have to read text.
 */
export function runsOfData(bytes: Buffer): Run[] {
  const runs: Run[] = [];
  let at = MIN_RUN_BYTES / 2;
  while (at < bytes.length) {
    const run = LOOKS_LIKE_DATA.test(bytes.toString("latin1", at, at + LOOK_BYTES)) ? runAround(bytes, at) : undefined;
    if (run) runs.push(run);
    at = (run?.to ?? at) + MIN_RUN_BYTES / 2;
  }
  return runs;
}

const LOOK_BYTES = 64;
const LOOKS_LIKE_DATA = /^[A-Za-z0-9+/=]{64}$/;

const QUOTE = 34;
const BACKSLASH = 92;

function runAround(bytes: Buffer, at: number): Run | undefined {
  const start = bytes.lastIndexOf(QUOTE, at) + 1;
  const to = bytes.indexOf(QUOTE, at);
  if (start < 2 || to - start < MIN_RUN_BYTES || bytes[start - 2] === BACKSLASH) return undefined;
  const content = bytes.subarray(start, to);
  const dataAt = beginOfData(content.toString("latin1", 0, MAX_HEAD_BYTES));
  if (dataAt === undefined || content.includes(BACKSLASH) || !isAscii(content)) return undefined;
  return { start, from: start + dataAt + KEPT_BYTES, to };
}

const MAX_HEAD_BYTES = 256;
const DATA_URL =
  /^data:(?:image|audio|video)\/[\w.+-]+(?:;[\w=.+-]+)*;base64,|^data:application\/pdf(?:;[\w=.+-]+)*;base64,/i;
/** PNG, JPEG, GIF, RIFF (WebP, WAV), PDF, MP3, Ogg, FLAC, WebM, MP4. */
const BEGINNINGS = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|JVBERi0|SUQz|\/\/[su]|T2dnUw|ZkxhQ|GkXfo|AAAA)/;

function beginOfData(head: string): number | undefined {
  const url = DATA_URL.exec(head);
  if (url) return url[0].length;
  return BEGINNINGS.test(head) ? 0 : undefined;
}
