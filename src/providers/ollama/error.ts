/** What Ollama says when it refuses, in the gateway's table. */
import { type ErrorCode, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { codeOfStatus, detailsOf, messageFor } from "../refusals.ts";

/** Bodies are `{error: "…"}`, in its cloud `{error: {message}}`. Status 200: the error was a line of a stream. */
export function decodeOllamaError(
  httpStatus: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const json = tryParse(body);
  const error = isObject(json) ? json.error : undefined;
  const told = isObject(error) ? error.message : error;
  const words = typeof told === "string" ? told : "";
  const status = httpStatus === 200 ? 500 : httpStatus;
  const code = codeFor(status, words);
  const message = code === "unsupported" ? clientText(words) : messageFor(code, status, words);
  return new GatewayError(code, message, detailsOf({ httpStatus, body, headers, now }));
}

/** The error that stands where an answer or a line should be, or undefined. */
export function embeddedError(json: unknown): GatewayError | undefined {
  return isObject(json) && json.error ? decodeOllamaError(200, JSON.stringify(json), {}) : undefined;
}

/** A server that has the model but not the ability says so with a 400; another target may have it. */
function codeFor(status: number, words: string): ErrorCode {
  if (/(exceed|too long).*context (length|size|window)|context (length|size|window).*exceed/i.test(words)) {
    return "context_length_exceeded";
  }
  if (status === 400 && /does not support (tools|thinking|images|vision|chat|embeddings?)/i.test(words))
    return "unsupported";
  return codeOfStatus(status);
}
