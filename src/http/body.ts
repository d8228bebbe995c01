import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../core/error.ts";
import type { CallSignal } from "../core/signal.ts";
import { JsonBody, JsonError, type JsonLimits } from "../protocol/json.ts";

/** Reads and parses a request's JSON object. How long it may take is the server's `requestTimeout`. */
export async function readJson(incoming: IncomingMessage, { signal, limits }: ReadOptions): Promise<JsonBody> {
  const bytes = await readBytes(incoming, signal, limits.maxBytes);
  if (!isUtf8(bytes)) throw new GatewayError("invalid_json", "The request body is not valid UTF-8.");
  try {
    return JsonBody.parse(bytes.toString(), limits, bytes);
  } catch (error) {
    if (error instanceof JsonError) throw new GatewayError("invalid_json", error.message);
    throw error;
  }
}

export interface ReadOptions {
  /** Fires when the client leaves. */
  readonly signal: CallSignal;
  readonly limits: JsonLimits & { readonly maxBytes: number };
}

function readBytes(incoming: IncomingMessage, signal: CallSignal, maxBytes: number): Promise<Buffer> {
  const { headers } = incoming;
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new GatewayError("unsupported_media_type", "Compressed request bodies are not accepted; send plain JSON.");
  }
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    signal.onAbort(reject);
    incoming.on("data", (chunk: Buffer) => {
      total += chunk.length;
      if (total > maxBytes) {
        incoming.pause();
        reject(tooLarge(maxBytes));
      } else chunks.push(chunk);
    });
    incoming.on("end", () => {
      signal.offAbort(reject);
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total));
    });
  });
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("request_too_large", `The request body is larger than the ${maxBytes} bytes allowed here.`);
}
