import type { Dispatcher } from "undici";
import { GatewayError } from "../core/error.ts";
import type { Timeouts } from "../core/policy.ts";
import type { Exchange, ExchangeBody, ResponseHeaders } from "../core/provider.ts";
import { RefusedAddressError } from "./egress.ts";

export interface ExchangeRequest {
  readonly path: string;
  readonly method: "POST" | "GET";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly signal: AbortSignal;
  readonly timeouts: Timeouts;
}

/** One request to a provider over undici's lowest door: its own handler, since `request()` wraps every body in a stream. */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(request, resolve, reject);
    if (request.signal.aborted) return handler.abort(request.signal.reason);
    const { path, method, headers, body } = request;
    dispatcher.dispatch({ path, method, headers, body } as Dispatcher.DispatchOptions, handler);
  });
}

/** Bytes read ahead of a slow reader before the provider's socket is paused. */
const READ_AHEAD_BYTES = 64 * 1024;

type Chunk = IteratorResult<Uint8Array, undefined>;

class ExchangeHandler implements Dispatcher.DispatchHandler, ExchangeBody {
  readonly #request: ExchangeRequest;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #reject: (error: GatewayError) => void;
  readonly #onAbort = () => this.abort(this.#request.signal.reason);
  #controller: Dispatcher.DispatchController | undefined;
  #firstByte: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #waiting: PromiseWithResolvers<Chunk> | undefined;
  #started = false;
  #ended = false;
  #discard = false;
  #failure: GatewayError | undefined;

  constructor(request: ExchangeRequest, resolve: (exchange: Exchange) => void, reject: (error: GatewayError) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal.addEventListener("abort", this.#onAbort);
    const { firstByteMs } = request.timeouts;
    this.#firstByte = setTimeout(() => this.abort(timedOut("first_byte_timeout", firstByteMs)), firstByteMs);
  }

  // ---- undici's side

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#started = true;
    this.#resolve({ status, headers, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#discard) {
      this.#idle?.refresh();
      return;
    }
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      return resolve({ value: chunk, done: false });
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > READ_AHEAD_BYTES) controller.pause();
  }

  onResponseEnd(): void {
    this.#release();
    this.#ended = true;
    this.#waiting?.resolve(END);
    this.#waiting = undefined;
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(this.#failure ?? asUpstreamError(error, this.#started));
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
    if (!this.#firstByte) this.#watchIdle();
    return this.#waiting.promise;
  }

  return(): Promise<Chunk> {
    this.abort(new GatewayError("client_left", "The client closed the connection."));
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): ExchangeBody {
    return this;
  }

  /** The first good frame is here: from now on only silence and the total time count. */
  firstByteSeen(): void {
    clearTimeout(this.#firstByte);
    this.#firstByte = undefined;
    if (this.#waiting) this.#watchIdle();
  }

  /** Reads to the end without keeping anything, so that the connection can serve again. */
  drain(): void {
    this.#discard = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    if (this.#controller?.paused) this.#controller.resume();
    // The call is over; only the idle timer still guards the connection.
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    this.firstByteSeen();
    if (!this.#ended) this.#watchIdle();
  }

  async collect(maxBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const { value, done } = await this.next();
      if (done) break;
      total += value.length;
      if (total > maxBytes) {
        const error = new GatewayError("upstream_invalid_response", `The provider's answer is over ${maxBytes} bytes.`);
        this.abort(error);
        throw error;
      }
      chunks.push(value);
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, total);
  }

  abort(reason: unknown): void {
    if (this.#ended || this.#failure) return;
    this.#fail(reason instanceof GatewayError ? reason : new GatewayError("client_left", "The call was cancelled."));
    this.#controller?.abort(this.#failure!);
  }

  #fail(error: GatewayError): void {
    this.#release();
    this.#failure = error;
    if (!this.#started) this.#reject(error);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** Runs while a reader waits: silence that our own slow reader causes is not the provider's. */
  #watchIdle(): void {
    const { idleMs } = this.#request.timeouts;
    if (this.#idle) this.#idle.refresh();
    else {
      this.#idle = setTimeout(() => {
        if (this.#waiting || this.#discard) this.abort(timedOut("idle_timeout", idleMs));
      }, idleMs);
    }
  }

  #release(): void {
    clearTimeout(this.#firstByte);
    clearTimeout(this.#idle);
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }
}

const END: Chunk = { value: undefined, done: true };

function timedOut(code: "first_byte_timeout" | "idle_timeout", limitMs: number): GatewayError {
  const what = code === "idle_timeout" ? "sent nothing more" : "did not begin to answer";
  return new GatewayError(code, `The provider ${what} within ${limitMs} ms.`);
}

/** Socket and protocol errors in our words; the original stays as the cause, for the log. */
function asUpstreamError(error: Error, answering: boolean): GatewayError {
  const code = (error as { code?: string }).code ?? "";
  if (error instanceof RefusedAddressError) {
    return new GatewayError("upstream_refused_address", "The provider's address is not allowed by the egress guard.", {
      cause: error,
    });
  }
  if (code === "UND_ERR_CONNECT_TIMEOUT") {
    return new GatewayError("connect_timeout", "The provider could not be reached in time.", { cause: error });
  }
  if (answering) {
    return new GatewayError("upstream_closed", "The provider broke off its answer.", { cause: error });
  }
  if (
    /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)
  ) {
    return new GatewayError("upstream_unreachable", "The provider could not be reached.", { cause: error });
  }
  return new GatewayError("upstream_closed", "The provider closed the connection before answering.", { cause: error });
}
