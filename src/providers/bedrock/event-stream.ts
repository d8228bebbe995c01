/** Amazon's binary event stream (`application/vnd.amazon.eventstream`): framed messages with headers and two checksums. */
import { crc32 } from "node:zlib";
import { GatewayError } from "../../core/error.ts";

export interface EventMessage {
  /** Those that hold text, such as `:event-type`; headers of other types are passed over. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** Whole messages of a byte stream, wherever the network cut it. Throws `upstream_closed` when it ends inside of one. */
export async function* eventMessages(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<EventMessage, void> {
  const splitter = new MessageSplitter();
  for await (const chunk of bytes) yield* splitter.push(chunk);
  if (splitter.pendingBytes > 0) {
    throw new GatewayError("upstream_closed", "The provider's stream ended inside a message.");
  }
}

/** Total length, length of the headers, and a checksum of these two. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** The format's own limits: a payload of 16 MiB, headers of 128 KiB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 128 * 1024;

/** Holds the bytes of one unfinished message, which are copied once, when it is whole. */
export class MessageSplitter {
  #chunks: Uint8Array[] = [];
  #neededBytes = PRELUDE_BYTES;
  pendingBytes = 0;

  push(chunk: Uint8Array): readonly EventMessage[] {
    this.#chunks.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes < this.#neededBytes) return NOTHING;
    const messages: EventMessage[] = [];
    let rest = this.#chunks.length === 1 ? asBuffer(chunk) : Buffer.concat(this.#chunks);
    for (;;) {
      this.#neededBytes = rest.length < PRELUDE_BYTES ? PRELUDE_BYTES : lengthOf(rest);
      if (rest.length < this.#neededBytes) break;
      messages.push(messageIn(rest.subarray(0, this.#neededBytes)));
      rest = rest.subarray(this.#neededBytes);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.pendingBytes = rest.length;
    return messages;
  }
}

const NOTHING: readonly EventMessage[] = [];

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The prelude is checked before its lengths are believed. */
function lengthOf(bytes: Buffer): number {
  if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) throw broken("a prelude whose checksum is wrong");
  const length = bytes.readUInt32BE(0);
  const headerBytes = bytes.readUInt32BE(4);
  if (length > MAX_MESSAGE_BYTES || headerBytes > MAX_HEADER_BYTES) throw broken("a message that is too long");
  if (length < PRELUDE_BYTES + headerBytes + CHECKSUM_BYTES) throw broken("a message shorter than its headers");
  return length;
}

function messageIn(bytes: Buffer): EventMessage {
  const end = bytes.length - CHECKSUM_BYTES;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw broken("a message whose checksum is wrong");
  const payloadStart = PRELUDE_BYTES + bytes.readUInt32BE(4);
  return {
    headers: headersIn(bytes.subarray(PRELUDE_BYTES, payloadStart)),
    payload: bytes.subarray(payloadStart, end),
  };
}

const BYTES = 6;
const TEXT = 7;
/** Bytes of a value by its type: true, false, byte, short, int, long; bytes and text tell their own; time, uuid. */
const VALUE_BYTES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

function headersIn(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes[at]!;
    if (nameEnd >= bytes.length) throw broken("a header that is cut off");
    const name = bytes.toString("utf8", at + 1, nameEnd);
    const type = bytes[nameEnd]!;
    const told = type === BYTES || type === TEXT;
    const start = nameEnd + (told ? 3 : 1);
    if (start > bytes.length) throw broken("a header that is cut off");
    const length = told ? bytes.readUInt16BE(nameEnd + 1) : VALUE_BYTES[type];
    if (length === undefined) throw broken("a header of an unknown type");
    at = start + length;
    if (at > bytes.length) throw broken("a header that is cut off");
    if (type === TEXT) headers[name] = bytes.toString("utf8", start, at);
  }
  return headers;
}

function broken(what: string): GatewayError {
  return new GatewayError("upstream_invalid_response", `The provider's event stream holds ${what}.`);
}
