import type { Frame } from "../protocol/frame.ts";
import type { Usage } from "../protocol/openai.ts";
import type { Completion } from "./answer.ts";
import type { EndpointName, OpenAIRequest } from "./endpoint.ts";
import type { GatewayError } from "./error.ts";
import type { Target } from "./policy.ts";

/** What is to be sent to a provider. */
export interface Outbound {
  readonly method: "POST";
  /** Appended to the provider's base URL, for example `/chat/completions`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Request fields this provider cannot honour, as dotted paths. */
  readonly dropped: readonly string[];
  /** True when usage was asked for on our own account and must not reach the client. */
  readonly hideUsage?: boolean;
}

/** Response headers as undici gives them: lower-case names. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Translation between one endpoint and one provider's wire. Pure: no sockets, no clock beyond ids.
 * Absence of an adapter for an endpoint means "not supported".
 */
export interface Adapter<Request = OpenAIRequest> {
  encode(request: Request, target: Target): Outbound;
  /** A whole 200 body. Throws GatewayError `upstream_invalid_response` when it is no answer, or the error it holds. */
  decode(body: Buffer, context: DecodeContext<Request>): Completion;
  /** Absent when the provider speaks OpenAI's events already. Throws GatewayError when the stream holds an error. */
  decodeStream?(bytes: AsyncIterable<Uint8Array>, context: DecodeContext<Request>): AsyncGenerator<Frame, void>;
  /** Retryable or not is decided here. */
  decodeError(status: number, body: string, headers: ResponseHeaders): GatewayError;
}

export interface DecodeContext<Request = OpenAIRequest> {
  readonly request: Request;
  readonly target: Target;
}

/** How a provider of this configuration is reached: its adapters, base URL and credentials. */
export interface Provider {
  readonly name: string;
  readonly kind: string;
  /** Without a trailing slash; undefined for a provider that answers in process (`demo`). */
  readonly baseUrl: string | undefined;
  readonly adapters: Readonly<Partial<Record<EndpointName, Adapter>>>;
  /** Model names to show on `/v1/models` for wildcard entries; fetched from the provider where it can tell. */
  readonly models?: readonly string[];
}

export type { Usage };
