import type { Multipart } from "../protocol/multipart.ts";
import type { Upload } from "./arrival.ts";
import type { OpenAIRequest } from "./endpoint.ts";

/** A request that goes on as it came, but for the model's name: to providers that have OpenAI's endpoint themselves. */
export interface PassRequest extends OpenAIRequest {
  readonly method: "POST" | "GET" | "DELETE";
  /** Below `/v1`, with the query: `/images/generations`. */
  readonly path: string;
  /** A form; `body` is then a view of its text fields. */
  readonly form?: Multipart;
  /** A body too large to be held; `body` is then empty. */
  readonly upload?: Upload;
}
