/** Lets a provider serve endpoints that its API does not have, through those it has. */
import type { EndpointName, OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Target } from "../core/policy.ts";
import type { Adapter, Bridge, Provider, StreamContext } from "../core/provider.ts";
import type { Frame } from "../protocol/frame.ts";
import { openAIFrames } from "./openai-frames.ts";

type Adapters = Provider["adapters"];

/** The provider's own adapters win over bridged ones, for the models they serve; `ours` answer where neither is and the provider chats. */
export function withBridges(provider: Provider, bridges: readonly Bridge[], ours: Adapters = {}): Provider {
  const bridged = bridges.flatMap((bridge) => {
    const inner = provider.adapters[bridge.over];
    return inner ? [[bridge.endpoint, bridgedAdapter(bridge, inner)] as const] : [];
  });
  const others: Adapters = { ...(provider.adapters.chat ? ours : {}), ...Object.fromEntries(bridged) };
  const own = Object.entries(provider.adapters).map(([endpoint, adapter]) => {
    return [endpoint, adapter.serves ? either(adapter, others[endpoint as EndpointName]) : adapter] as const;
  });
  return { ...provider, adapters: { ...others, ...Object.fromEntries(own) } };
}

/** Some models of a provider have what its others do not. Errors come in the provider's form, whichever model it was. */
function either(own: Adapter, other: Adapter | undefined): Adapter {
  const of = ({ model }: Target): Adapter => {
    const adapter = own.serves?.(model) ? own : other;
    if (!adapter) throw new GatewayError("unsupported", `The provider does not serve this endpoint with ${model}.`);
    return adapter;
  };
  return {
    encode: (request, target) => of(target).encode(request, target),
    decode: (body, context) => of(context.target).decode(body, context),
    decodeStream: (bytes, context) => framesOf(of(context.target), bytes, context),
    decodeError: own.decodeError,
  };
}

function bridgedAdapter(bridge: Bridge, inner: Adapter): Adapter {
  // An answer is decoded in the light of the request that was sent, which is made once.
  const sent = new WeakMap<OpenAIRequest, OpenAIRequest>();
  const innerOf = <Context extends { request: OpenAIRequest }>(context: Context): Context => ({
    ...context,
    request: sent.get(context.request) ?? context.request,
  });
  return {
    encode(request, target) {
      const { request: translated, dropped } = bridge.request(request, target, inner);
      sent.set(request, translated);
      const outbound = inWordsOf(bridge, () => inner.encode(translated, target));
      const named = outbound.dropped.map((path) => bridge.nameOf?.(path) ?? path);
      return { ...outbound, dropped: [...new Set([...dropped, ...named])] };
    },
    decode: (body, context) => bridge.decode(inner.decode(body, innerOf(context)), context),
    decodeStream: (bytes, context) => bridge.decodeStream(framesOf(inner, bytes, innerOf(context)), context),
    decodeError: inner.decodeError,
  };
}

/** A refusal of the inner request names the outer one's field. */
function inWordsOf<T>({ nameOf }: Bridge, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    const param = error instanceof GatewayError ? error.details.param : undefined;
    throw param === undefined || !nameOf ? error : (error as GatewayError).with({ param: nameOf(param) });
  }
}

/** A provider's stream as the endpoint's events. */
export function framesOf(
  { decodeStream, decodeError }: Adapter,
  bytes: AsyncIterable<Uint8Array>,
  context: StreamContext,
  hideUsage = false,
): AsyncGenerator<Frame, void> {
  if (decodeStream) return decodeStream(bytes, context);
  return openAIFrames(bytes, { decodeError, hideUsage, facts: context.facts });
}
