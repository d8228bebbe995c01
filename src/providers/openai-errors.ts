/** What servers that speak OpenAI say when they refuse, in the gateway's table. */
import { type ErrorCode, GatewayError } from "../core/error.ts";
import type { ResponseHeaders } from "../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import { clientText, retryAfterMs } from "../protocol/refusal.ts";
import { codeOfStatus, isAboutTheRequest, messageFor } from "./refusals.ts";

/**
 * Servers disagree on the body: `{error: {...}}`, `{error: "..."}`, `{detail}`, `{message}`, `{object: "error"}`, HTML.
 * Status 200 means that the error came inside a good-looking answer; the body says what it stands for.
 */
export function decodeOpenAIError(httpStatus: number, body: string, headers: ResponseHeaders): GatewayError {
  const error = errorObject(tryParse(body));
  const status = httpStatus === 200 ? statusOf(error) : httpStatus;
  const code = codeFor(status, error);
  const text = typeof error.message === "string" ? error.message : undefined;
  const wait = retryAfterMs(headers);
  return new GatewayError(code, messageFor(code, status, text ?? ""), {
    providerStatus: status,
    ...(typeof error.param === "string" ? { param: error.param } : {}),
    ...(isAboutTheRequest(code) && typeof error.code === "string" ? { providerCode: error.code } : {}),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause: clientText(body),
  });
}

/** The error an otherwise good-looking answer or event carries, or undefined. */
export function embeddedError(json: unknown): GatewayError | undefined {
  if (!isObject(json) || json.error === undefined || json.error === null) return undefined;
  return decodeOpenAIError(200, JSON.stringify(json), {});
}

/** The HTTP status an error under 200 stands for; servers put it in different places, as number or text. */
function statusOf(error: JsonObject): number {
  for (const value of [error.status_code, error.status, error.code]) {
    const status = Number(value);
    if (status >= 400 && status < 600) return status;
  }
  const named = `${error.code ?? ""} ${error.type ?? ""}`;
  if (/rate_limit/.test(named)) return 429;
  return /invalid_request/.test(named) ? 400 : 500;
}

function errorObject(json: unknown): JsonObject {
  if (!isObject(json)) return {};
  if (isObject(json.error)) return json.error;
  if (typeof json.error === "string") return { message: json.error };
  if (typeof json.detail === "string") return { message: json.detail };
  if (json.detail !== undefined) return { message: JSON.stringify(json.detail) };
  return json;
}

function codeFor(status: number, error: JsonObject): ErrorCode {
  const named = `${error.code ?? ""} ${error.type ?? ""}`;
  if (/context_length|string_above_max_length/.test(named)) return "context_length_exceeded";
  if (/content_filter|content_policy/.test(named)) return "content_filter";
  if (/insufficient_quota|billing/.test(named)) return "upstream_quota";
  const code = codeOfStatus(status);
  return code === "upstream_invalid_request" && contextWords(error.message) ? "context_length_exceeded" : code;
}

/** Servers without an error code for it still say it in words. */
function contextWords(message: unknown): boolean {
  return typeof message === "string" && /maximum context length|context (window|size)|reduce the length/i.test(message);
}
