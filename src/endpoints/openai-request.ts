import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { JsonBody } from "../protocol/json.ts";

/** What every OpenAI-shaped request has: a model, and perhaps a wish for a stream. */
export function readRequest(body: JsonBody): OpenAIRequest {
  const { model, stream } = body.value;
  if (typeof model !== "string" || model === "") {
    throw refuse("model", model === undefined ? "is required" : "must be a non-empty string");
  }
  if (model.length > MAX_MODEL_NAME) throw refuse("model", `is longer than ${MAX_MODEL_NAME} characters`);
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    throw refuse("stream", "must be a boolean");
  return { body, model, stream: stream === true };
}

const MAX_MODEL_NAME = 256;

export function refuse(param: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${param}' ${what}.`, { param });
}

export const modelOf = (request: OpenAIRequest): string => request.model;
export const streams = (request: OpenAIRequest): boolean => request.stream;
