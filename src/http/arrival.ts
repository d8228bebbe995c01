/** Requests that are more than one JSON object: parameters in the path, forms, bodies too large to be held. */
import type { IncomingMessage } from "node:http";
import type { Arrival, Upload } from "../core/arrival.ts";
import { GatewayError } from "../core/error.ts";
import { Multipart, MultipartError } from "../protocol/multipart.ts";
import { type ReadOptions, readBytes, readJson, tooLarge } from "./body.ts";

export interface ArrivalOptions extends ReadOptions {
  /** The endpoint's path, with its `:name` parts. */
  readonly path: string;
  /** Bound on a body that is not held. */
  readonly maxUploadBytes: number;
}

export function arrivalOf(incoming: IncomingMessage, options: ArrivalOptions): Arrival {
  const { pathname, search } = new URL(incoming.url ?? "/", "http://gatehouse");
  return {
    params: paramsOf(options.path, pathname),
    query: search,
    header(name) {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    json: () => readJson(incoming, options),
    async multipart() {
      const contentType = formType(incoming);
      const bytes = await readBytes(incoming, options);
      try {
        return Multipart.parse(bytes, contentType);
      } catch (error) {
        if (error instanceof MultipartError) throw new GatewayError("invalid_request", error.message);
        throw error;
      }
    },
    upload: () => uploadOf(incoming, options.maxUploadBytes),
  };
}

function paramsOf(pattern: string, path: string): Record<string, string> {
  const values = path.split("/");
  const named = pattern.split("/").flatMap((part, at) => (part.startsWith(":") ? [[part.slice(1), values[at]]] : []));
  return Object.fromEntries(named.map(([name, value]) => [name, decoded(value ?? "")]));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GatewayError("invalid_request", "The path is not correctly encoded.");
  }
}

function formType({ headers }: IncomingMessage): string {
  const contentType = headers["content-type"] ?? "";
  if (/^multipart\/form-data\b/i.test(contentType)) return contentType;
  throw new GatewayError("unsupported_media_type", "This endpoint takes multipart/form-data.");
}

function uploadOf(incoming: IncomingMessage, maxBytes: number): Upload {
  const contentType = formType(incoming);
  const length = incoming.headers["content-length"];
  const bytes = length === undefined ? undefined : Number(length);
  if (bytes !== undefined && bytes > maxBytes) throw tooLarge(maxBytes);
  return { contentType, bytes, chunks: bounded(incoming, maxBytes) };
}

/** Leaving it early does not close the client's connection: the refusal is still to be written there. */
async function* bounded(incoming: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let total = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    total += (chunk as Buffer).length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    yield chunk as Buffer;
  }
}
