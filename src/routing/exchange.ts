import type { Dispatcher } from "undici";
import { type Deadline, liftDeadline, setDeadline } from "../core/deadlines.ts";
import { GatewayError } from "../core/error.ts";
import type { Exchange, ExchangeBody, OutboundBody, ResponseHeaders, TransportOptions } from "../core/provider.ts";
import { RefusedAddressError } from "./egress.ts";

/** What undici has to know of a request. */
export interface ExchangeRequest {
  readonly path: string;
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OutboundBody;
}

/** One request to a provider over undici's lowest door: its own handler, since `request()` wraps every body in a stream. */
export function exchange(
  dispatcher: Dispatcher,
  request: ExchangeRequest,
  options: TransportOptions,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    if (options.signal.reason) return reject(options.signal.reason);
    const handler = new ExchangeHandler(options, resolve, reject);
    const { body } = request;
    const sent = isWhole(body) ? request : inPieces(request, body, handler);
    dispatcher.dispatch(sent as Dispatcher.DispatchOptions, handler);
  });
}

type Pieces = Exclude<OutboundBody, string | Uint8Array | null>;

function isWhole(body: OutboundBody): body is Exclude<OutboundBody, Pieces> {
  return typeof body === "string" || body === null || body instanceof Uint8Array;
}

/** undici counts the bytes of an iterable against the length in the headers; without one it sends chunks. */
function inPieces({ path, method, headers }: ExchangeRequest, pieces: Pieces, handler: ExchangeHandler) {
  const length = Array.isArray(pieces)
    ? { "content-length": String(pieces.reduce((sum, { length }) => sum + length, 0)) }
    : {};
  return { path, method, headers: { ...headers, ...length }, body: handler.sending(pieces) };
}

/** Bytes read ahead of a slow reader before the provider's socket is paused. */
const READ_AHEAD_BYTES = 64 * 1024;
/** Bound on a whole answer held in memory. */
const MAX_WHOLE_BYTES = 256 * 1024 * 1024;

type Chunk = IteratorResult<Uint8Array, undefined>;

class ExchangeHandler implements Dispatcher.DispatchHandler, ExchangeBody {
  readonly #options: TransportOptions;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #reject: (error: GatewayError) => void;
  readonly #onAbort = (reason: GatewayError) => this.abort(reason);
  /** First byte, then idle: only one of them counts at a time. */
  readonly #deadline: Deadline;
  #controller: Dispatcher.DispatchController | undefined;
  #head: { status: number; headers: ResponseHeaders } | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #waiting: PromiseWithResolvers<Chunk> | undefined;
  #begun = false;
  #ended = false;
  #discard = false;
  #failure: GatewayError | undefined;

  constructor(options: TransportOptions, resolve: (exchange: Exchange) => void, reject: (error: GatewayError) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    options.signal.onAbort(this.#onAbort);
    this.#deadline = setDeadline(options.timeouts.firstByteMs, () => this.abort(this.#timeout()));
  }

  // ---- undici's side

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#head = { status, headers };
    if (this.#options.stream && status === 200) this.#resolve({ status, headers, body: this });
    else this.firstByteSeen();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#discard) return this.#awaitMore();
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      return resolve({ value: chunk, done: false });
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#whole) {
      this.#awaitMore();
      if (this.#queuedBytes > MAX_WHOLE_BYTES) this.abort(tooLarge());
    } else if (this.#queuedBytes > READ_AHEAD_BYTES) controller.pause();
  }

  onResponseEnd(): void {
    this.#release();
    this.#ended = true;
    if (this.#whole) {
      const whole = this.#queue.length === 1 ? (this.#queue[0] as Buffer) : Buffer.concat(this.#queue);
      this.#queue = [];
      return this.#resolve({ ...this.#head!, body: this, whole });
    }
    this.#waiting?.resolve(END);
    this.#waiting = undefined;
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(this.#failure ?? asUpstreamError(error, this.#head !== undefined));
  }

  // ---- our side

  next(): Promise<Chunk> {
    const chunk = this.#queue.shift();
    if (chunk) {
      this.#queuedBytes -= chunk.length;
      if (this.#queuedBytes <= READ_AHEAD_BYTES && this.#controller?.paused) this.#controller.resume();
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(END);
    this.#waiting = Promise.withResolvers<Chunk>();
    if (this.#begun) this.#awaitMore();
    return this.#waiting.promise;
  }

  return(): Promise<Chunk> {
    this.abort(new GatewayError("client_left", "The client closed the connection."));
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): ExchangeBody {
    return this;
  }

  /** The pieces, while undici asks for them: the wait for an answer begins anew with each, and what breaks them ends the call. */
  async *sending(pieces: Pieces): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const piece of pieces) {
        if (!this.#head) this.#deadline.at = performance.now() + this.#options.timeouts.firstByteMs;
        yield piece;
      }
    } catch (thrown) {
      const left = () => new GatewayError("client_left", "The client broke off its request.", { cause: thrown });
      this.abort(thrown instanceof GatewayError ? thrown : left());
      throw thrown;
    }
  }

  /** The first good frame is here: from now on only silence and the total time count. */
  firstByteSeen(): void {
    this.#begun = true;
    if (this.#waiting || this.#whole) this.#awaitMore();
    else this.#deadline.at = Number.POSITIVE_INFINITY;
  }

  /** Reads to the end without keeping anything, so that the connection can serve again. */
  drain(): void {
    this.#discard = true;
    this.#begun = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    // The call is over; only the idle limit still guards the connection.
    this.#options.signal.offAbort(this.#onAbort);
    this.#awaitMore();
    if (this.#controller?.paused) this.#controller.resume();
  }

  abort(reason: GatewayError): void {
    if (this.#ended || this.#failure) return;
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  /** Answers that are not read as they come: everything but a good stream. */
  get #whole(): boolean {
    return !(this.#options.stream && this.#head?.status === 200);
  }

  #fail(error: GatewayError): void {
    this.#release();
    this.#failure = error;
    this.#reject(error); // no effect on an exchange that has been resolved
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** Silence counts while somebody waits: silence that our own slow reader causes is not the provider's. */
  #awaitMore(): void {
    this.#deadline.at = performance.now() + this.#options.timeouts.idleMs;
  }

  #timeout(): GatewayError {
    const { idleMs, firstByteMs } = this.#options.timeouts;
    if (this.#begun) return new GatewayError("idle_timeout", `The provider sent nothing more within ${idleMs} ms.`);
    return new GatewayError("first_byte_timeout", `The provider did not begin to answer within ${firstByteMs} ms.`);
  }

  #release(): void {
    liftDeadline(this.#deadline);
    this.#options.signal.offAbort(this.#onAbort);
  }
}

const END: Chunk = { value: undefined, done: true };

function tooLarge(): GatewayError {
  return new GatewayError("upstream_invalid_response", `The provider's answer is over ${MAX_WHOLE_BYTES} bytes.`);
}

/** Socket and protocol errors in our words; the original stays as the cause, for the log. */
function asUpstreamError(cause: Error, answering: boolean): GatewayError {
  const code = (cause as { code?: string }).code ?? "";
  if (cause instanceof RefusedAddressError) {
    const message = "The provider's address is not allowed by the egress guard.";
    return new GatewayError("upstream_refused_address", message, { cause });
  }
  if (code === "UND_ERR_CONNECT_TIMEOUT") {
    return new GatewayError("connect_timeout", "The provider could not be reached in time.", { cause });
  }
  if (answering) return new GatewayError("upstream_closed", "The provider broke off its answer.", { cause });
  if (UNREACHABLE.test(code)) {
    return new GatewayError("upstream_unreachable", "The provider could not be reached.", { cause });
  }
  return new GatewayError("upstream_closed", "The provider closed the connection before answering.", { cause });
}

const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;
