/** Every error a client can meet, as data: code → HTTP status, OpenAI type, and what may be tried next. */
const table = {
  invalid_request: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: false },
  invalid_json: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: false },
  unsupported: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: true },
  context_length_exceeded: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: true },
  content_filter: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: false },
  missing_api_key: { status: 401, type: "authentication_error", retryable: false, elsewhere: false },
  invalid_api_key: { status: 401, type: "authentication_error", retryable: false, elsewhere: false },
  model_not_allowed: { status: 403, type: "permission_error", retryable: false, elsewhere: false },
  not_found: { status: 404, type: "invalid_request_error", retryable: false, elsewhere: false },
  model_not_found: { status: 404, type: "invalid_request_error", retryable: false, elsewhere: false },
  method_not_allowed: { status: 405, type: "invalid_request_error", retryable: false, elsewhere: false },
  request_timeout: { status: 408, type: "invalid_request_error", retryable: false, elsewhere: false },
  conflict: { status: 409, type: "invalid_request_error", retryable: false, elsewhere: false },
  request_too_large: { status: 413, type: "invalid_request_error", retryable: false, elsewhere: false },
  unsupported_media_type: { status: 415, type: "invalid_request_error", retryable: false, elsewhere: false },
  headers_too_large: { status: 431, type: "invalid_request_error", retryable: false, elsewhere: false },
  client_left: { status: 499, type: "client_error", retryable: false, elsewhere: false },
  internal_error: { status: 500, type: "server_error", retryable: false, elsewhere: false },
  shutting_down: { status: 503, type: "server_error", retryable: false, elsewhere: false },
  storage_unavailable: { status: 503, type: "server_error", retryable: false, elsewhere: false },

  // What a provider did, told in our words. `retryable`: the same target may do better; `elsewhere`: another target may.
  upstream_invalid_request: { status: 400, type: "invalid_request_error", retryable: false, elsewhere: false },
  upstream_not_found: { status: 404, type: "invalid_request_error", retryable: false, elsewhere: true },
  upstream_auth: { status: 502, type: "upstream_error", retryable: false, elsewhere: true },
  upstream_rate_limited: { status: 429, type: "rate_limit_error", retryable: true, elsewhere: true },
  upstream_quota: { status: 429, type: "insufficient_quota", retryable: false, elsewhere: true },
  upstream_overloaded: { status: 503, type: "upstream_error", retryable: true, elsewhere: true },
  upstream_error: { status: 502, type: "upstream_error", retryable: true, elsewhere: true },
  upstream_invalid_response: { status: 502, type: "upstream_error", retryable: true, elsewhere: true },
  upstream_unreachable: { status: 502, type: "upstream_error", retryable: true, elsewhere: true },
  upstream_refused_address: { status: 502, type: "upstream_error", retryable: false, elsewhere: true },
  upstream_closed: { status: 502, type: "upstream_error", retryable: true, elsewhere: true },
  connect_timeout: { status: 504, type: "timeout_error", retryable: true, elsewhere: true },
  first_byte_timeout: { status: 504, type: "timeout_error", retryable: true, elsewhere: true },
  idle_timeout: { status: 504, type: "timeout_error", retryable: true, elsewhere: true },
  total_timeout: { status: 504, type: "timeout_error", retryable: false, elsewhere: false },
  breaker_open: { status: 503, type: "upstream_error", retryable: false, elsewhere: true },
  no_target: { status: 503, type: "upstream_error", retryable: false, elsewhere: false },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly status: number;
  readonly type: string;
  readonly retryable: boolean;
  readonly elsewhere: boolean;
}

export type ErrorCode = keyof typeof table;

/** One attempt that did not work, as the client may read it: never a key, never an internal address. */
export interface FailedAttempt {
  readonly target: string;
  readonly code: ErrorCode;
  /** The provider's own HTTP status, where it gave one. */
  readonly status?: number;
  readonly message: string;
}

export interface ErrorDetails {
  readonly cause?: unknown;
  /** The request field at fault, in OpenAI's `param`. */
  readonly param?: string;
  /** The provider's own `code`, kept for clients that switch on it (for example `context_length_exceeded`). */
  readonly providerCode?: string;
  /** The provider's own HTTP status. */
  readonly providerStatus?: number;
  /** How long the provider asks us to wait. */
  readonly retryAfterMs?: number;
  /** Request fields that the target cannot honour, as dotted paths. */
  readonly fields?: readonly string[];
  /** The target works; what it wrote this time will not do. Counts against no breaker. */
  readonly targetWorks?: true;
  readonly attempts?: readonly FailedAttempt[];
  /** The server-sent event that told it, with its blank line, where the client speaks the provider's protocol. */
  readonly event?: string;
  /** Where a stream of numbered events broke. */
  readonly broken?: BrokenStream;
}

export interface BrokenStream {
  /** The number its next event would have had. */
  readonly nextEvent: number;
  /** The answer as far as it was told, in the endpoint's form. */
  readonly response: unknown;
}

/** The only error that reaches a client; `message` is for the client, `cause` is for our log. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return table[this.code].status;
  }

  get type(): string {
    return table[this.code].type;
  }

  /** The same target may answer if asked again. */
  get retryable(): boolean {
    return table[this.code].retryable;
  }

  /** Another target may answer. */
  get elsewhere(): boolean {
    return table[this.code].elsewhere;
  }

  with(details: ErrorDetails): GatewayError {
    return new GatewayError(this.code, this.message, { ...this.details, ...details });
  }

  /** OpenAI's error body; clients read `error.message`, `type`, `param`, `code`. */
  toBody(): ErrorBody {
    const { param, providerCode, attempts } = this.details;
    return {
      error: {
        message: this.message,
        type: this.type,
        param: param ?? null,
        code: providerCode ?? this.code,
        ...(attempts && attempts.length > 0 ? { attempts } : {}),
      },
    };
  }
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
    readonly attempts?: readonly FailedAttempt[];
  };
}

/** Anything thrown, as a GatewayError; what we did not foresee becomes `internal_error` and keeps its cause for the log. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError("internal_error", "The gateway failed while handling this call.", { cause: thrown });
}
