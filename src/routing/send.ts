import type { Completion } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Target } from "../core/policy.ts";
import type { Adapter, DecodeContext, Exchange, Outbound, OwnAnswer, Provider, StreamFacts } from "../core/provider.ts";
import { type FlowEnd, watch } from "../protocol/flow.ts";
import type { Frame } from "../protocol/frame.ts";
import type { LargeSource } from "../protocol/json.ts";
import { toldInHeaders } from "../protocol/rate-limits.ts";
import { framesOf } from "./bridges.ts";

/** Asks one target once; resolves when there is something good to send, rejects with a GatewayError. */
export type Send = (call: Call<OpenAIRequest>, target: Target) => Promise<Sent>;

export type Sent =
  | { readonly kind: "whole"; readonly completion: Completion; readonly dropped: readonly string[] }
  | {
      readonly kind: "stream";
      readonly frames: AsyncIterable<Frame>;
      readonly facts: StreamFacts;
      /** Server-sent events when absent. */
      readonly contentType: string | undefined;
      readonly dropped: readonly string[];
    };

/** The only code that talks to a provider. */
export function send(providers: ReadonlyMap<string, Provider>): Send {
  return async (call, target) => {
    const provider = providers.get(target.provider);
    const adapter = provider?.adapters[call.endpoint.name];
    if (!provider || !adapter) {
      throw new GatewayError("unsupported", `${target.provider} does not serve ${call.endpoint.path}.`);
    }
    const { large } = call.request.body;
    const outbound = large
      ? encodeLarge(large, { adapter, request: call.request, target })
      : adapter.encode(call.request, target);
    if (outbound.dropped.length > 0 && call.model.onUnsupported !== "drop") throw cannotHonour(outbound, target);
    if (outbound.answer) return ownAnswer(call, outbound, outbound.answer);
    const stream = call.endpoint.streams(call.request);
    const sentAt = performance.now();
    try {
      const { signal, model, notes } = call;
      notes.told = NOTHING;
      const exchange = await provider.transport(outbound, { signal, timeouts: model.timeouts, stream });
      notes.told = toldInHeaders(exchange.headers);
      if (adapter.streamType) notes.told = [...notes.told, ...contentHeaders(exchange)];
      const context = { request: call.request, target, headers: exchange.headers };
      if (!exchange.whole) return await streamed({ exchange, adapter, outbound, context });
      if (exchange.status < 200 || exchange.status > 299) throw refusalOf(exchange, exchange.whole, adapter);
      const completion = adapter.decode(exchange.whole, context);
      const { dropped } = completion;
      return { kind: "whole", completion, dropped: dropped ? [...outbound.dropped, ...dropped] : outbound.dropped };
    } finally {
      call.notes.upstreamMs += performance.now() - sentAt;
    }
  };
}

const NOTHING: readonly string[] = [];

/** Of its own: a function made on the way would cost every call. */
function encodeLarge(
  large: LargeSource,
  { adapter, request, target }: { adapter: Adapter; request: OpenAIRequest; target: Target },
): Outbound {
  return large.encoded(() => adapter.encode(request, target));
}

function ownAnswer({ notes }: Call, { dropped }: Outbound, answer: OwnAnswer): Sent {
  notes.told = answer.told;
  return { kind: "whole", completion: answer.complete(), dropped };
}

function cannotHonour({ dropped }: Outbound, { name }: Target): GatewayError {
  const message = `${name} cannot honour ${dropped.join(", ")}.`;
  return new GatewayError("unsupported", message, { param: dropped[0]!, fields: dropped });
}

/** Bound on a provider's error text; the rest of it is not needed to tell what happened. */
const MAX_ERROR_BYTES = 64 * 1024;

function refusalOf({ status, headers }: Exchange, body: Buffer, adapter: Adapter): GatewayError {
  return adapter.decodeError(status, body.toString("utf8", 0, MAX_ERROR_BYTES), headers);
}

/** What tells a client about content that it gets as it came: its name, and its length where it is not measured anew. */
function contentHeaders({ headers, whole }: Exchange): string[] {
  const names =
    whole || isEventStream(headers["content-type"])
      ? ["content-disposition"]
      : ["content-disposition", "content-length"];
  return names.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" && /^[\x20-\x7e]{1,1000}$/.test(value) ? [name, value] : [];
  });
}

interface Reply {
  readonly exchange: Exchange;
  readonly adapter: Adapter;
  readonly outbound: Outbound;
  readonly context: DecodeContext;
}

/** Looks at the first frame before anything is promised: until then another target can still be asked. */
async function streamed({ exchange, adapter, outbound, context }: Reply): Promise<Sent> {
  const { body, headers } = exchange;
  const contentType = adapter.streamType?.(headers);
  if (contentType === undefined && !isEventStream(headers["content-type"])) {
    // A server that ignored `stream`, or an error page under 200.
    void body.return?.();
    throw new GatewayError("upstream_invalid_response", "The provider answered a request for a stream without one.");
  }
  const facts: StreamFacts = { finished: false, usage: undefined };
  const decoded = framesOf(adapter, body, { ...context, facts }, outbound.hideUsage);
  let first: IteratorResult<Frame, void>;
  try {
    first = await decoded.next();
  } catch (error) {
    body.return?.();
    throw error;
  }
  body.firstByteSeen();
  if (first.done) throw new GatewayError("upstream_closed", "The provider's stream ended before it began.");
  const frames = watch(resumed(first.value, decoded, exchange, facts), { end: (how) => settle(how, exchange, facts) });
  return { kind: "stream", frames, facts, contentType, dropped: outbound.dropped };
}

function isEventStream(contentType: string | readonly string[] | undefined): boolean {
  return (
    typeof contentType === "string" &&
    /^(text\/event-stream|application\/(x-ndjson|vnd\.amazon\.eventstream))/i.test(contentType)
  );
}

/** The stream with its first frame put back in front. Leaving closes the provider's connection at once: a generator's
 *  own `return` would wait for the provider's next chunk. */
function resumed(
  first: Frame,
  rest: AsyncGenerator<Frame, void>,
  { body }: Exchange,
  facts: StreamFacts,
): AsyncIterableIterator<Frame> {
  let pending: Frame | undefined = first;
  return {
    next() {
      if (!pending) return rest.next();
      const value = pending;
      pending = undefined;
      return Promise.resolve({ value, done: false });
    },
    return() {
      if (!facts.finished) void body.return?.();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An answer that reached its end may still have bytes to come; read off, its connection serves the next call. */
function settle(how: FlowEnd, { body }: Exchange, facts: StreamFacts): void {
  if (how === "left" && facts.finished) body.drain();
  if (how === "failed") void body.return?.();
}
