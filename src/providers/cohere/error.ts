/** What Cohere says when it refuses, in the gateway's table. */
import { type ErrorCode, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { codeOfStatus, detailsOf, messageFor } from "../refusals.ts";

/** Bodies are `{id, message}`, sometimes with an `error_type`: the status tells the kind. Status 200: it stood inside a stream. */
export function decodeCohereError(
  httpStatus: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const json = tryParse(body);
  const { message, error_type } = isObject(json) ? json : {};
  const status = httpStatus === 200 ? 500 : httpStatus;
  const words = typeof message === "string" ? message : "";
  const code = codeFor(status, `${error_type ?? ""} ${words}`);
  return new GatewayError(code, messageFor(code, status, words), detailsOf({ httpStatus, body, headers, now }));
}

/** The error that stands where an answer or an event should be, or undefined. */
export function embeddedError(json: unknown): GatewayError | undefined {
  if (!isObject(json) || json.type !== undefined || typeof json.message !== "string") return undefined;
  return decodeCohereError(200, JSON.stringify(json), {});
}

/** 498 is Cohere's own: what was asked or answered is not allowed there. */
function codeFor(status: number, words: string): ErrorCode {
  if (status === 498) return "content_filter";
  if (status === 499) return "upstream_error";
  // A month is no wait that another try could outlast.
  if (status === 429 && /API calls \/ month/i.test(words)) return "upstream_quota";
  const code = codeOfStatus(status);
  if (code !== "upstream_invalid_request") return code;
  return /too many tokens|total number of tokens|context (length|window)/i.test(words)
    ? "context_length_exceeded"
    : code;
}
