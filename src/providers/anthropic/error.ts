/** What Anthropic says when it refuses, in the gateway's table. */
import { type ErrorCode, type ErrorDetails, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { clientText, retryAfterMs } from "../../protocol/refusal.ts";

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
  const wait = retryAfterMs(headers, now);
  const json = tryParse(body);
  return told(isObject(json) && isObject(json.error) ? json.error : {}, {
    ...(status === 200 ? {} : { providerStatus: status }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause: clientText(body),
  });
}

/** The error that a body or an event holds, or undefined. */
export function embeddedError(json: JsonObject): GatewayError | undefined {
  return isObject(json.error) ? told(json.error, { cause: clientText(JSON.stringify(json)) }) : undefined;
}

function told({ type, message }: JsonObject, details: ErrorDetails): GatewayError {
  const status = details.providerStatus ?? 500;
  const words = typeof message === "string" ? message : "";
  const code = type === "invalid_request_error" ? codeFromWords(words) : (CODES.get(type) ?? codeOf(status));
  return new GatewayError(code, messageFor(code, words, status), details);
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

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403 || status === 407) return "upstream_auth";
  if (status === 402) return "upstream_quota";
  if (status === 404) return "upstream_not_found";
  if (status === 413) return "request_too_large";
  if (status === 429) return "upstream_rate_limited";
  if (status === 503 || status === 529) return "upstream_overloaded";
  if (status === 408 || status === 409 || status === 425 || status >= 500) return "upstream_error";
  return status >= 400 ? "upstream_invalid_request" : "upstream_invalid_response";
}

/** Codes whose message is about the client's own request, so the provider's words help; the others speak of our account. */
const ABOUT_THE_REQUEST: ReadonlySet<ErrorCode> = new Set([
  "upstream_invalid_request",
  "upstream_not_found",
  "context_length_exceeded",
  "content_filter",
  "request_too_large",
]);

function messageFor(code: ErrorCode, words: string, status: number): string {
  if (ABOUT_THE_REQUEST.has(code) && words !== "") return clientText(words);
  if (code === "upstream_auth") return "The provider refused the gateway's credentials.";
  if (code === "upstream_rate_limited") return "The provider is limiting the gateway's rate.";
  if (code === "upstream_quota") return "The gateway's account at the provider has no quota left.";
  if (code === "upstream_overloaded") return "The provider is overloaded.";
  return `The provider answered with status ${status}.`;
}
