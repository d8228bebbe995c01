import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../core/error.ts";
import { JsonBody, JsonError, type JsonLimits } from "../protocol/json.ts";

/** Reads and parses a request's JSON object. How long it may take is the server's `requestTimeout`. */
export async function readJson(
  incoming: IncomingMessage,
  limits: JsonLimits & { maxBytes: number },
): Promise<JsonBody> {
  const bytes = await readBytes(incoming, limits.maxBytes);
  if (!isUtf8(bytes)) throw new GatewayError("invalid_json", "The request body is not valid UTF-8.");
  try {
    return JsonBody.parse(bytes.toString(), limits);
  } catch (error) {
    if (error instanceof JsonError) throw new GatewayError("invalid_json", error.message);
    throw error;
  }
}

async function readBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { headers } = incoming;
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new GatewayError("unsupported_media_type", "Compressed request bodies are not accepted; send plain JSON.");
  }
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let total = 0;
  await new Promise<void>((resolve, reject) => {
    incoming.on("data", (chunk: Buffer) => {
      total += chunk.length;
      if (total > maxBytes) {
        incoming.pause();
        reject(tooLarge(maxBytes));
      } else chunks.push(chunk);
    });
    incoming.on("end", resolve);
    incoming.on("error", () => reject(left()));
    incoming.on("close", () => {
      if (!incoming.complete) reject(left());
    });
  });
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total);
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("request_too_large", `The request body is larger than the ${maxBytes} bytes allowed here.`);
}

function left(): GatewayError {
  return new GatewayError("client_left", "The client closed the connection while sending its request.");
}
