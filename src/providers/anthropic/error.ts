/** What Anthropic says when it refuses, in the gateway's table. */
import { type ErrorCode, type ErrorDetails, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { codeOfStatus, detailsOf, messageFor } from "../refusals.ts";

/**
 * The error's type tells more than the status, and is all there is inside a stream (status 200).
 * A body that is none of Anthropic's, such as a proxy's page, is told by its status.
 */
export function decodeAnthropicError(
  status: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const json = tryParse(body);
  return told(
    isObject(json) && isObject(json.error) ? json.error : {},
    detailsOf({ httpStatus: status, body, headers, now }),
  );
}

/** The error that a body or an event holds, or undefined. */
export function embeddedError(json: JsonObject): GatewayError | undefined {
  return isObject(json.error) ? told(json.error, { cause: clientText(JSON.stringify(json)) }) : undefined;
}

function told({ type, message }: JsonObject, details: ErrorDetails): GatewayError {
  const status = details.providerStatus ?? 500;
  const words = typeof message === "string" ? message : "";
  const code = type === "invalid_request_error" ? codeFromWords(words) : (CODES.get(type) ?? codeOfStatus(status));
  return new GatewayError(code, messageFor(code, status, words), details);
}

const CODES: ReadonlyMap<unknown, ErrorCode> = new Map([
  ["authentication_error", "upstream_auth"],
  ["permission_error", "upstream_auth"],
  ["billing_error", "upstream_quota"],
  ["not_found_error", "upstream_not_found"],
  ["request_too_large", "request_too_large"],
  ["rate_limit_error", "upstream_rate_limited"],
  ["overloaded_error", "upstream_overloaded"],
  ["api_error", "upstream_error"],
  ["timeout_error", "upstream_error"],
  ["conflict_error", "upstream_error"],
]);

/** One type stands for all a request can be wrong about and for an account without money: the words tell which. */
function codeFromWords(words: string): ErrorCode {
  if (/prompt is too long|exceeds? (the )?context (limit|window)/i.test(words)) return "context_length_exceeded";
  if (/credit balance is too low|specified API usage limits|spend limit/i.test(words)) return "upstream_quota";
  if (/blocked by content filtering/i.test(words)) return "content_filter";
  return "upstream_invalid_request";
}
