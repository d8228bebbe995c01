/** What Google says when it refuses, in the gateway's table. */
import { type ErrorCode, type ErrorDetails, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { clientText, retryAfterMs } from "../../protocol/refusal.ts";
import { codeOfStatus, messageFor } from "../refusals.ts";

/**
 * The error's status tells more than HTTP's: a wrong key is a 400. The wait after a 429 stands in the body alone. A body
 * that is none of Google's, such as a proxy's page, is told by its HTTP status.
 */
export function decodeGoogleError(
  httpStatus: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const error = errorIn(tryParse(body)) ?? {};
  const wait = retryAfterMs(headers, now) ?? retryDelayMs(error);
  return told(error, httpStatus, {
    ...(httpStatus === 200 ? {} : { providerStatus: httpStatus }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause: clientText(body),
  });
}

/** The error that a body or an event under 200 holds, or undefined. */
export function embeddedError(json: unknown): GatewayError | undefined {
  const error = errorIn(json);
  return error && decodeGoogleError(200, JSON.stringify(json), {});
}

/** A stream asked for without `alt=sse` would have it in an array; so do some proxies. */
function errorIn(json: unknown): JsonObject | undefined {
  const body = Array.isArray(json) ? json[0] : json;
  return isObject(body) && isObject(body.error) ? body.error : undefined;
}

function told(error: JsonObject, httpStatus: number, details: ErrorDetails): GatewayError {
  const status = httpStatus === 200 ? numberOr(error.code, 500) : httpStatus;
  const words = typeof error.message === "string" ? error.message : "";
  const code = codeOf(error, words, status);
  const broke = httpStatus === 200 && code === "upstream_error" && words !== "";
  const message = broke ? `The provider broke off its answer: ${clientText(words)}` : messageFor(code, status, words);
  return new GatewayError(code, message, details);
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function codeOf(error: JsonObject, words: string, status: number): ErrorCode {
  if (reasonsOf(error).some((reason) => ABOUT_KEYS.test(reason))) return "upstream_auth";
  switch (error.status) {
    case "INVALID_ARGUMENT":
      if (/API key (not valid|expired|not found)/i.test(words)) return "upstream_auth";
      return TOO_LONG.test(words) ? "context_length_exceeded" : "upstream_invalid_request";
    case "RESOURCE_EXHAUSTED":
      return isUsedUp(error) ? "upstream_quota" : "upstream_rate_limited";
    case "PERMISSION_DENIED":
      // Files and caches that a client names and nobody else may read.
      return /access the File|CachedContent/.test(words) ? "upstream_invalid_request" : "upstream_auth";
    case "FAILED_PRECONDITION":
      // The account's country or its billing: nothing a client could mend.
      return /location is not supported|billing/i.test(words) ? "upstream_auth" : "upstream_invalid_request";
    default:
      return CODES.get(error.status) ?? codeOfStatus(status);
  }
}

const CODES: ReadonlyMap<unknown, ErrorCode> = new Map([
  ["UNAUTHENTICATED", "upstream_auth"],
  ["NOT_FOUND", "upstream_not_found"],
  ["OUT_OF_RANGE", "upstream_invalid_request"],
  ["UNAVAILABLE", "upstream_overloaded"],
  ["INTERNAL", "upstream_error"],
  ["UNKNOWN", "upstream_error"],
  ["ABORTED", "upstream_error"],
  ["CANCELLED", "upstream_error"],
  ["DEADLINE_EXCEEDED", "upstream_error"],
]);

const ABOUT_KEYS = /^(API_KEY_|ACCESS_TOKEN_|CREDENTIALS_MISSING|SERVICE_DISABLED|CONSUMER_)/;

const TOO_LONG =
  /input token count .*exceeds|exceeds the maximum number of (input )?tokens|input context is too long/is;

function detailsOf(error: JsonObject): JsonObject[] {
  return Array.isArray(error.details) ? error.details.filter(isObject) : [];
}

function reasonsOf(error: JsonObject): string[] {
  return detailsOf(error).map(({ reason }) => String(reason ?? ""));
}

/** A day's quota is not worth waiting for; a minute's is. */
function isUsedUp(error: JsonObject): boolean {
  const violations = detailsOf(error).flatMap(({ violations }) => (Array.isArray(violations) ? violations : []));
  return violations.some((violation) => isObject(violation) && /PerDay/i.test(String(violation.quotaId)));
}

/** `RetryInfo` among the details: `"48s"` or `"34.4s"`. */
function retryDelayMs(error: JsonObject): number | undefined {
  const delay = detailsOf(error).find(({ retryDelay }) => typeof retryDelay === "string")?.retryDelay;
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(String(delay ?? "")) ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}
