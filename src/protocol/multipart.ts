/** `multipart/form-data` read without touching its files: where its parts are, and what its small text fields say. */
import { JsonBody, type JsonObject } from "./json.ts";

/** Thrown by `Multipart.parse`; the message is safe to show to whoever sent the form. */
export class MultipartError extends Error {
  override readonly name = "MultipartError";
}

interface Part {
  readonly name: string;
  readonly isFile: boolean;
  /** Where its content begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** Bounds on what a form may make us look at; its files are jumped over. */
const MAX_PARTS = 200;
const MAX_HEAD_BYTES = 8 * 1024;
/** A longer text field (a prompt) is not read: it passes like a file. */
const MAX_FIELD_BYTES = 256 * 1024;

/** A form beside the bytes it came in; `edit` replaces single fields and leaves every other byte where it is. */
export class Multipart {
  readonly bytes: Buffer;
  /** As the client sent it, with the boundary. */
  readonly contentType: string;
  /** Its text fields as a JSON object of strings, for whoever reads requests; the files are not in it. */
  readonly fields: JsonBody;
  readonly #parts: readonly Part[];
  readonly #boundary: string;

  private constructor(bytes: Buffer, { contentType, boundary }: Form, parts: readonly Part[]) {
    this.bytes = bytes;
    this.contentType = contentType;
    this.#boundary = boundary;
    this.#parts = parts;
    this.fields = JsonBody.of(fieldsOf(bytes, parts));
  }

  /** Throws MultipartError for what two parsers might read in two ways, such as a field that comes twice. */
  static parse(bytes: Buffer, contentType: string): Multipart {
    const boundary = boundaryOf(contentType);
    if (boundary === undefined) throw new MultipartError("The request's content type names no usable boundary.");
    return new Multipart(bytes, { contentType, boundary }, partsOf(bytes, boundary));
  }

  hasFile(name: string): boolean {
    return this.#parts.some((part) => part.isFile && sameField(part.name, name));
  }

  /** The form with this field's text replaced, or added in front: slices of the bytes it came in, and the new text. */
  withField(name: string, value: string): readonly Uint8Array[] {
    const { bytes } = this;
    const part = this.#parts.find((one) => one.name === name);
    if (part) return [bytes.subarray(0, part.start), Buffer.from(value), bytes.subarray(part.end)];
    const head = `--${this.#boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n`;
    return [Buffer.from(`${head}${value}\r\n`), bytes];
  }
}

interface Form {
  readonly contentType: string;
  readonly boundary: string;
}

function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? "";
  return /^[\w'()+,./:=? -]{1,70}$/.test(boundary) && !boundary.endsWith(" ") ? boundary : undefined;
}

function partsOf(bytes: Buffer, boundary: string): Part[] {
  const opening = `--${boundary}`;
  if (!bytes.subarray(0, opening.length).equals(Buffer.from(opening))) {
    throw new MultipartError("The form does not begin with its boundary.");
  }
  const delimiter = Buffer.from(`\r\n${opening}`);
  const parts: Part[] = [];
  let at = opening.length;
  while (!isClosing(bytes, at)) {
    if (parts.length === MAX_PARTS) throw new MultipartError(`The form has more than ${MAX_PARTS} parts.`);
    const headEnd = bytes.subarray(at, at + MAX_HEAD_BYTES).indexOf("\r\n\r\n");
    const end = headEnd < 0 ? -1 : bytes.indexOf(delimiter, at + headEnd + 2);
    if (end < 0) throw new MultipartError("The form ends too early.");
    const start = Math.min(at + headEnd + 4, end);
    parts.push({ ...readHead(bytes.toString("utf8", at, at + headEnd)), start, end });
    at = end + delimiter.length;
  }
  return parts;
}

/** `--` after a boundary ends the form; a line end goes on to the next part. */
function isClosing(bytes: Buffer, at: number): boolean {
  const next = bytes.toString("latin1", at, at + 2);
  if (next === "--") return true;
  if (next === "\r\n") return false;
  throw new MultipartError("A boundary of the form is not followed by a line end.");
}

/** `head` begins with the boundary's line end. */
function readHead(head: string): Pick<Part, "name" | "isFile"> {
  const dispositions = head.match(/\r\ncontent-disposition:[^\r\n]*/gi) ?? [];
  const [, rest] = /^\r\ncontent-disposition:\s*form-data\s*(;.*)$/i.exec(dispositions[0] ?? "") ?? [];
  // Folded lines and RFC 5987's `name*=` are read by some servers and not by others.
  if (dispositions.length !== 1 || rest === undefined || /\r\n[ \t]/.test(head) || /;\s*name\*/i.test(rest)) {
    throw new MultipartError("A part of the form has no plain content-disposition.");
  }
  const names = [...rest.matchAll(/;\s*name=(?:"([^"\\]*)"|([^\s;"]+))(?=\s*(?:;|$))/gi)];
  if (names.length !== 1) throw new MultipartError("A part of the form has no plain name.");
  return { name: names[0]![1] ?? names[0]![2]!, isFile: /;\s*filename\*?=/i.test(rest) };
}

/** Repeated fields are lists (`include[]`); those that decide something must not be. */
function fieldsOf(bytes: Buffer, parts: readonly Part[]): JsonObject {
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const { name, isFile, start, end } of parts) {
    if (isFile || end - start > MAX_FIELD_BYTES) continue;
    const text = bytes.toString("utf8", start, end);
    const known = fields[name];
    if (known === undefined) fields[name] = text;
    else if (DECISIVE.has(name)) throw new MultipartError(`The form has '${name}' twice.`);
    else fields[name] = [...[known].flat(), text];
  }
  return { ...fields };
}

const DECISIVE: ReadonlySet<string> = new Set(["model", "stream", "response_format"]);

/** Clients write a list's name with and without brackets. */
function sameField(name: string, wanted: string): boolean {
  return name === wanted || name === `${wanted}[]`;
}
