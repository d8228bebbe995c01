import type { JsonBody } from "../protocol/json.ts";
import type { GatewayError } from "./error.ts";

export type EndpointName =
  | "chat"
  | "completions"
  | "embeddings"
  | "responses"
  | "messages"
  | "count_tokens"
  | "rerank"
  | "moderations"
  | "images"
  | "audio"
  | "files"
  | "batches"
  | "fine_tuning";

/** What one `/v1` path means. Shared code asks the endpoint and never switches on its name. */
export interface Endpoint<Request = unknown> {
  readonly name: EndpointName;
  readonly path: string;
  /** Reads a request; throws GatewayError `invalid_request` that names the field at fault. */
  read(body: JsonBody): Request;
  /** The model as the application asked for it. */
  modelOf(request: Request): string;
  streams(request: Request): boolean;
  /** Errors where this endpoint's clients do not read OpenAI's shape. */
  readonly errors?: ErrorForm;
}

/** How an API tells its clients that something went wrong. */
export interface ErrorForm {
  /** The JSON of an error answer. */
  body(error: GatewayError): unknown;
  /** The server-sent event, with its blank line, that ends a stream that broke. */
  event(error: GatewayError): string;
}

/** A request in OpenAI's JSON, kept beside its text. The request type of every endpoint so far. */
export interface OpenAIRequest {
  readonly body: JsonBody;
  readonly model: string;
  readonly stream: boolean;
}
