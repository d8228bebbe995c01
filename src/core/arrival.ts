import type { JsonBody } from "../protocol/json.ts";
import type { Multipart } from "../protocol/multipart.ts";

/** A request as it arrives, for endpoints whose requests are more than one JSON object. Its body can be read once. */
export interface Arrival {
  /** What stands in the path where the endpoint has `:name`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The query with its question mark, or nothing. */
  readonly query: string;
  header(name: string): string | undefined;
  json(): Promise<JsonBody>;
  multipart(): Promise<Multipart>;
  /** The body as it comes, for what is too large to be held. */
  upload(): Upload;
}

/** A request's body on its way through: can be sent once, so never to a second target. */
export interface Upload {
  readonly contentType: string;
  /** Undefined when the client did not say. */
  readonly bytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}
