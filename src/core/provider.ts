import type { Frame } from "../protocol/frame.ts";
import type { Usage } from "../protocol/openai.ts";
import type { Completion } from "./answer.ts";
import type { EndpointName, OpenAIRequest } from "./endpoint.ts";
import type { GatewayError } from "./error.ts";
import type { Target, Timeouts } from "./policy.ts";
import type { CallSignal } from "./signal.ts";

/** What is to be sent to a provider. */
export interface Outbound {
  readonly method: "POST" | "GET" | "DELETE";
  /** Appended to the provider's base URL, for example `/chat/completions`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OutboundBody;
  /** Request fields this provider cannot honour, as dotted paths. */
  readonly dropped: readonly string[];
  /** True when usage was asked for on our own account and must not reach the client. */
  readonly hideUsage?: boolean;
  /** The gateway's own answer: nothing is sent. */
  readonly answer?: OwnAnswer;
}

export interface OwnAnswer {
  /** Called once the request is encoded: until then a large body has stand-ins for its data. */
  complete(): Completion;
  /** Headers for the client: names and values in turn. */
  readonly told: readonly string[];
}

/** Ready to be sent. Pieces go out in their order; those that are still arriving can be sent once only. */
export type OutboundBody = string | Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array> | null;

/** Response headers as undici gives them: lower-case names. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Translation between one endpoint and one provider's wire. Pure: no sockets, no clock beyond ids.
 * Absence of an adapter for an endpoint means "not supported".
 */
export interface Adapter<Request = OpenAIRequest> {
  /** Whether it speaks to this model of the provider; to all of them when absent. */
  serves?(model: string): boolean;
  /**
   * Takes a chat's limit as `max_completion_tokens`. Servers that are only like OpenAI's may know the older name alone, and
   * ignore the newer one in silence.
   */
  readonly takesCompletionLimit?: boolean;
  encode(request: Request, target: Target): Outbound;
  /** A whole 200 body. Throws GatewayError `upstream_invalid_response` when it is no answer, or the error it holds. */
  decode(body: Buffer, context: DecodeContext<Request>): Completion;
  /** Absent when the provider speaks OpenAI's events already. Throws GatewayError when the stream holds an error. */
  decodeStream?(bytes: AsyncIterable<Uint8Array>, context: StreamContext<Request>): AsyncGenerator<Frame, void>;
  /** The content type of a stream as the client gets it; undefined for what is no stream. Absent: events come and go out. */
  streamType?(headers: ResponseHeaders): string | undefined;
  /** Retryable or not is decided here. Status 200: the error stood inside a stream, and the body tells what it is. */
  decodeError(status: number, body: string, headers: ResponseHeaders): GatewayError;
}

export interface DecodeContext<Request = OpenAIRequest> {
  readonly request: Request;
  readonly target: Target;
  /** Of the answer. */
  readonly headers?: ResponseHeaders;
}

export interface StreamContext<Request = OpenAIRequest> extends DecodeContext<Request> {
  readonly facts: StreamFacts;
}

/** What a stream has told so far; written by whoever decodes it, read when it ends. */
export interface StreamFacts {
  /** The answer's end has been decoded: what comes after it (or fails to) no longer matters. Set before that frame is yielded. */
  finished: boolean;
  /** Set as soon as the provider tells it, whether the client asked for usage or not. */
  usage: Usage | undefined;
}

/** A provider's stream while it arrives. Single reader; leaving it (`return`) closes the provider's connection. */
export interface ExchangeBody extends AsyncIterableIterator<Uint8Array> {
  /** Stops the first-byte timer: something good to send has arrived. */
  firstByteSeen(): void;
  /** Lets the rest arrive unread, so that the connection can serve again. */
  drain(): void;
}

export interface Exchange {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: ExchangeBody;
  /** Present unless a stream was asked for and has begun: then it is read from `body`. */
  readonly whole?: Buffer;
}

export interface TransportOptions {
  readonly signal: CallSignal;
  readonly timeouts: Timeouts;
  /** Read an answer with status 200 as it comes, instead of waiting for all of it. */
  readonly stream: boolean;
}

/**
 * Serves one endpoint through another one's adapter, for providers that do not have it themselves: Responses and Messages
 * over chat. Pure translation, as an adapter is.
 */
export interface Bridge {
  readonly endpoint: EndpointName;
  /** The endpoint whose adapter does the work. */
  readonly over: EndpointName;
  /** Asks for usage in streams: what the outer endpoint always tells. `inner` is the adapter that does the work. */
  request(request: OpenAIRequest, target: Target, inner: Adapter): BridgedRequest;
  /** What a client of the outer endpoint knows a field of the inner request as; its own name when absent. */
  nameOf?(path: string): string;
  decode(completion: Completion, context: DecodeContext): Completion;
  /** `frames` are the inner endpoint's, `facts` are theirs as well: finished before the last outer frames are yielded. */
  decodeStream(frames: AsyncIterable<Frame>, context: StreamContext): AsyncGenerator<Frame, void>;
}

export interface BridgedRequest {
  readonly request: OpenAIRequest;
  /** Fields of the outer request that have no form in the inner one, as dotted paths. */
  readonly dropped: readonly string[];
}

/** Sends one request; rejects with a GatewayError (timers, connection, the call's signal). */
export type Transport = (outbound: Outbound, options: TransportOptions) => Promise<Exchange>;

/** A provider of this configuration: what it can translate and how it is reached. */
export interface Provider {
  readonly name: string;
  readonly kind: string;
  readonly adapters: Readonly<Partial<Record<EndpointName, Adapter>>>;
  readonly transport: Transport;
}
