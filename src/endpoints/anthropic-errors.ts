import type { ErrorForm } from "../core/endpoint.ts";
import type { ErrorCode, GatewayError } from "../core/error.ts";

/** Errors as Anthropic's clients read them. What a provider told them in this form itself goes on as it came. */
export const anthropicErrors: ErrorForm = {
  status: (error) => (typeOf(error) === "overloaded_error" ? OVERLOADED : error.status),
  body,
  event: (error, id) => error.details.event ?? `event: error\ndata: ${JSON.stringify(body(error, id))}\n\n`,
};

/** Anthropic's own status: its clients have a class for it. */
const OVERLOADED = 529;

function body(error: GatewayError, id: string | undefined) {
  const { param, attempts } = error.details;
  return {
    type: "error",
    error: {
      type: typeOf(error),
      message: error.message,
      // Ours, beside Anthropic's: which error it is, the field at fault and what was tried.
      code: error.code,
      ...(param === undefined ? {} : { param }),
      ...(attempts && attempts.length > 0 ? { attempts } : {}),
    },
    request_id: id ?? null,
  };
}

function typeOf({ code, status }: GatewayError): string {
  return TYPES_OF_CODES.get(code) ?? TYPES.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
}

const TYPES_OF_CODES: ReadonlyMap<ErrorCode, string> = new Map([
  ["upstream_overloaded", "overloaded_error"],
  ["shutting_down", "overloaded_error"],
]);

const TYPES: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [504, "timeout_error"],
]);
