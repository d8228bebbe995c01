import type { JsonBody } from "../protocol/json.ts";
import type { AnswerForm } from "./answer-form.ts";
import type { Arrival } from "./arrival.ts";
import type { Conversation } from "./conversations.ts";
import type { GatewayError } from "./error.ts";
import type { ObjectUse } from "./objects.ts";

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
  /** A part that begins with a colon stands for whatever comes there: `/v1/files/:id`. */
  readonly path: string;
  /** POST when absent. */
  readonly method?: "GET" | "DELETE";
  /** Reads a request; throws GatewayError `invalid_request` that names the field at fault. Header names are in lower case. */
  read(body: JsonBody, headers?: RequestHeaders): Request;
  /** Takes the place of `read` for requests that are more than one JSON object. */
  receive?(arrival: Arrival): Request | Promise<Request>;
  /** The model as the application asked for it; undefined for an endpoint whose requests name none. */
  modelOf(request: Request): string | undefined;
  streams(request: Request): boolean;
  /** What can be checked of the answer's form; undefined, as for most requests, when nothing can. */
  form?(request: Request): AnswerForm | undefined;
  /** Errors where this endpoint's clients do not read OpenAI's shape. */
  readonly errors?: ErrorForm;
  /** The header in which this endpoint's clients look for a call's id, besides `x-request-id`. */
  readonly idHeader?: string;
  /** Answers are kept, and a client may go on from one by its id. */
  readonly converses?: boolean;
  /** A request may show the model files that a provider keeps, by their ids. */
  readonly namesFiles?: boolean;
  /** Present when it is about things that a provider keeps for one tenant. */
  readonly objects?: ObjectUse;
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How an API tells its clients that something went wrong. `id` is the call's, where there is one. */
export interface ErrorForm {
  /** The error's own status when absent. */
  status?(error: GatewayError): number;
  /** The JSON of an error answer. */
  body(error: GatewayError, id?: string): unknown;
  /** The server-sent event, with its blank line, that ends a stream that broke. */
  event(error: GatewayError, id?: string): string;
}

/** A request in OpenAI's JSON, kept beside its text. The request type of every endpoint so far. */
export interface OpenAIRequest {
  readonly body: JsonBody;
  readonly model: string;
  readonly stream: boolean;
  /** Headers of the client's that are part of the request, for providers whose API has them too. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the request goes on from; only endpoints that converse have it. */
  readonly conversation?: Conversation;
}
