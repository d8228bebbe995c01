import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../core/error.ts";
import type { CallSignal } from "../core/signal.ts";
import { JsonBody, JsonError, type JsonLimits } from "../protocol/json.ts";
import { LARGE_BYTES, parseLarge } from "../protocol/large-body.ts";

/** Reads and parses a request's JSON object. How long it may take is the server's `requestTimeout`. */
export function readJson(incoming: IncomingMessage, options: ReadOptions): Promise<JsonBody> {
  return collected(incoming, options, (bytes) => parsed(bytes, options.limits));
}

export interface ReadOptions {
  /** Fires when the client leaves. */
  readonly signal: CallSignal;
  readonly limits: JsonLimits & { readonly maxBytes: number };
}

/** The whole body. */
export function readBytes(incoming: IncomingMessage, options: ReadOptions): Promise<Buffer> {
  return collected(incoming, options, (bytes) => bytes);
}

function parsed(bytes: Buffer, limits: JsonLimits): JsonBody {
  if (!isUtf8(bytes)) throw new GatewayError("invalid_json", "The request body is not valid UTF-8.");
  try {
    return bytes.length < LARGE_BYTES ? JsonBody.parse(bytes.toString(), limits, bytes) : parseLarge(bytes, limits);
  } catch (error) {
    if (error instanceof JsonError) throw new GatewayError("invalid_json", error.message);
    throw error;
  }
}

/**
 * What `read` makes of the whole body, in one promise: every call waits here. A long body is written where it will stay:
 * pieces that are joined in the end need twice the memory.
 */
function collected<T>(
  incoming: IncomingMessage,
  { signal, limits: { maxBytes } }: ReadOptions,
  read: (bytes: Buffer) => T,
): Promise<T> {
  const { headers } = incoming;
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new GatewayError("unsupported_media_type", "Compressed request bodies are not accepted; send plain JSON.");
  }
  const length = Number(headers["content-length"] ?? 0);
  if (length > maxBytes) throw tooLarge(maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    // Node's parser holds a body to the length in its header.
    const whole = length >= LARGE_BYTES ? Buffer.allocUnsafeSlow(length) : undefined;
    let total = 0;
    signal.onAbort(reject);
    incoming.on("data", (chunk: Buffer) => {
      const at = total;
      total += chunk.length;
      if (total > maxBytes) {
        incoming.pause();
        reject(tooLarge(maxBytes));
      } else if (whole) chunk.copy(whole, at);
      else chunks.push(chunk);
    });
    incoming.on("end", () => {
      signal.offAbort(reject);
      try {
        resolve(read(whole ?? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total))));
      } catch (error) {
        reject(error);
      }
    });
  });
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("request_too_large", `The request body is larger than the ${maxBytes} bytes allowed here.`);
}
