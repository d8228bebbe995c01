/** What Mistral says when it refuses, in the gateway's table. */
import { type ErrorCode, type ErrorDetails, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { codeOfStatus, detailsOf, messageFor } from "../refusals.ts";

/**
 * Bodies are `{detail: "…"}`, `{detail: [{loc, msg}]}`, or `{object: "error", message, type, code}` with the same things
 * in `message`. Status 200: the error stood inside a stream.
 */
export function decodeMistralError(
  httpStatus: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const json = tryParse(body);
  const error = isObject(json) ? (isObject(json.error) ? json.error : json) : {};
  const status = httpStatus === 200 ? statusIn(error) : httpStatus;
  const words = wordsOf(error.message ?? error.detail ?? error.error);
  const code = codeFor(status, error, words);
  const details: ErrorDetails = {
    ...detailsOf({ httpStatus, body, headers, now }),
    ...(typeof error.param === "string" ? { param: error.param } : {}),
  };
  return new GatewayError(code, messageFor(code, status, words), details);
}

/** The error that stands where an answer or a chunk should be, or undefined. */
export function embeddedError(json: unknown): GatewayError | undefined {
  if (!isObject(json)) return undefined;
  const isError = json.object === "error" || json.detail !== undefined || !!json.error;
  return isError ? decodeMistralError(200, JSON.stringify(json), {}) : undefined;
}

function statusIn({ raw_status_code, status_code, status, type }: JsonObject): number {
  const told = [raw_status_code, status_code, status].map(Number).find((value) => value >= 400 && value < 600);
  if (told !== undefined) return told;
  if (/rate_limit|capacity/.test(String(type))) return 429;
  return type === "invalid_request_error" ? 400 : 500;
}

/** Validation's findings as `body.messages.0.role: Field required; …`. */
function wordsOf(message: unknown): string {
  if (typeof message === "string") return message;
  if (isObject(message)) return wordsOf(message.detail ?? message.message);
  if (!Array.isArray(message)) return "";
  const findings = message.filter(isObject).map(({ loc, msg }) => {
    const place = Array.isArray(loc) ? loc.join(".") : "";
    return place === "" ? String(msg) : `${place}: ${msg}`;
  });
  return findings.join("; ");
}

function codeFor(status: number, { type }: JsonObject, words: string): ErrorCode {
  if (type === "invalid_model") return "upstream_not_found";
  const code = codeOfStatus(status);
  if (code !== "upstream_invalid_request") return code;
  if (/maximum context length|too large for model|context (window|size)/i.test(words)) return "context_length_exceeded";
  return /violat|guardrail|moderation/i.test(`${type} ${words}`) ? "content_filter" : code;
}
