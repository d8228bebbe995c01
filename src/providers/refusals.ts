/** What every provider's refusal comes down to: an HTTP status, and words that are ours to choose or theirs to pass on. */
import type { ErrorCode, ErrorDetails } from "../core/error.ts";
import type { ResponseHeaders } from "../core/provider.ts";
import { clientText, retryAfterMs } from "../protocol/refusal.ts";

/** The code of an HTTP status, where the body says nothing better. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403 || status === 407) return "upstream_auth";
  if (status === 402) return "upstream_quota";
  if (status === 404) return "upstream_not_found";
  if (status === 413) return "request_too_large";
  if (status === 429) return "upstream_rate_limited";
  if (status === 503 || status === 529) return "upstream_overloaded";
  if (status === 408 || status === 409 || status === 425 || status >= 500) return "upstream_error";
  return status >= 400 ? "upstream_invalid_request" : "upstream_invalid_response";
}

/** The message for the client: the provider's words about a client's own request, our words about our account there. */
export function messageFor(code: ErrorCode, status: number, words: string): string {
  if (isAboutTheRequest(code) && words !== "") return clientText(words);
  if (code === "upstream_auth") return "The provider refused the gateway's credentials.";
  if (code === "upstream_rate_limited") return "The provider is limiting the gateway's rate.";
  if (code === "upstream_quota") return "The gateway's account at the provider has no quota left.";
  if (code === "upstream_overloaded") return "The provider is overloaded.";
  return `The provider answered with status ${status}.`;
}

export function isAboutTheRequest(code: ErrorCode): boolean {
  return ABOUT_THE_REQUEST.has(code);
}

const ABOUT_THE_REQUEST: ReadonlySet<ErrorCode> = new Set([
  "upstream_invalid_request",
  "upstream_not_found",
  "context_length_exceeded",
  "content_filter",
  "request_too_large",
]);

interface Refusal {
  /** 200 for an error that stood inside a stream: then the provider gave no status of its own. */
  readonly httpStatus: number;
  readonly body: string;
  readonly headers: ResponseHeaders;
  readonly now: () => number;
}

/** What is kept of every refusal: the provider's status, the wait it asks for, and its words for our log. */
export function detailsOf({ httpStatus, body, headers, now }: Refusal): ErrorDetails {
  const wait = retryAfterMs(headers, now);
  return {
    ...(httpStatus === 200 ? {} : { providerStatus: httpStatus }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause: clientText(body),
  };
}
