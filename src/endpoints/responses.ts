import type { Endpoint, ErrorForm, OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { modelOf, readRequest, refuse, streams } from "./openai-request.ts";
import { responsesForm } from "./responses-form.ts";

const errors: ErrorForm = {
  body: (error) => error.toBody(),
  event: brokenStream,
};

export const responses: Endpoint<OpenAIRequest> = {
  name: "responses",
  path: "/v1/responses",
  modelOf,
  streams,
  errors,
  form: responsesForm,
  namesFiles: true,
  converses: true,
  read(body) {
    const { input, prompt, previous_response_id: previous, conversation, background, store } = body.value;
    if (input === undefined || input === null) {
      if (!isObject(prompt)) throw refuse("input", "is required");
    } else if (typeof input !== "string" && !Array.isArray(input)) {
      throw refuse("input", "must be a string or an array");
    }
    if (Array.isArray(input)) input.forEach(checkItem);
    if (previous !== undefined && previous !== null && (typeof previous !== "string" || previous === "")) {
      throw refuse("previous_response_id", "must be a non-empty string");
    }
    if (store !== undefined && store !== null && typeof store !== "boolean") {
      throw refuse("store", "must be a boolean");
    }
    // Both live in an account at a provider that all tenants share.
    if (conversation !== undefined && conversation !== null) {
      throw unsupported("conversation", "is not served here: go on from an answer with 'previous_response_id'");
    }
    if (background === true) throw unsupported("background", "is not served here: ask for a stream instead");
    return readRequest(body);
  },
};

function checkItem(item: unknown, at: number): void {
  if (!isObject(item)) throw refuse(`input[${at}]`, "must be an object");
  if (item.type !== undefined && item.type !== null && typeof item.type !== "string") {
    throw refuse(`input[${at}].type`, "must be a string");
  }
}

function unsupported(param: string, what: string): GatewayError {
  return new GatewayError("unsupported", `'${param}' ${what}.`, { param });
}

/**
 * `error` as documented, with the object beside it in which OpenAI's servers send it and its clients look for it; then, if
 * the answer had begun, `response.failed`.
 */
function brokenStream(error: GatewayError): string {
  const { message, code, param, type } = error.toBody().error;
  const { nextEvent = 0, response } = error.details.broken ?? {};
  const told = {
    type: "error",
    code,
    message,
    param,
    sequence_number: nextEvent,
    error: { type, code, message, param },
  };
  if (!isObject(response)) return event(told);
  const failed = { ...response, status: "failed", error: { code: failureOf(error), message } };
  return event(told) + event({ type: "response.failed", sequence_number: nextEvent + 1, response: failed });
}

/** The codes that a failed response may carry are fewer than ours. */
function failureOf({ status }: GatewayError): string {
  if (status === 429) return "rate_limit_exceeded";
  return status < 500 ? "invalid_prompt" : "server_error";
}

function event(data: JsonObject): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
