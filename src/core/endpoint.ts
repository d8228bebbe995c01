import type { JsonBody } from "../protocol/json.ts";

export type EndpointName = "chat" | "completions" | "embeddings";

/** What one `/v1` path means. Shared code asks the endpoint and never switches on its name. */
export interface Endpoint<Request = unknown> {
  readonly name: EndpointName;
  readonly path: string;
  /** Reads a request; throws GatewayError `invalid_request` that names the field at fault. */
  read(body: JsonBody): Request;
  /** The model as the application asked for it. */
  modelOf(request: Request): string;
  streams(request: Request): boolean;
}

/** A request in OpenAI's JSON, kept beside its text. The request type of every endpoint so far. */
export interface OpenAIRequest {
  readonly body: JsonBody;
  readonly model: string;
  readonly stream: boolean;
}
