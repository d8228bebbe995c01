/** Lets a provider serve endpoints that its API does not have, through those it has. */
import type { OpenAIRequest } from "../core/endpoint.ts";
import type { Adapter, Bridge, Provider, StreamContext } from "../core/provider.ts";
import type { Frame } from "../protocol/frame.ts";
import { openAIFrames } from "./openai-frames.ts";

/** The provider's own adapters win over bridged ones. */
export function withBridges(provider: Provider, bridges: readonly Bridge[]): Provider {
  const bridged = bridges.flatMap((bridge) => {
    const inner = provider.adapters[bridge.over];
    return inner ? [[bridge.endpoint, bridgedAdapter(bridge, inner)] as const] : [];
  });
  return { ...provider, adapters: { ...Object.fromEntries(bridged), ...provider.adapters } };
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
      const outbound = inner.encode(translated, target);
      return { ...outbound, dropped: [...dropped, ...outbound.dropped] };
    },
    decode: (body, context) => bridge.decode(inner.decode(body, innerOf(context)), context),
    decodeStream: (bytes, context) => bridge.decodeStream(framesOf(inner, bytes, innerOf(context)), context),
    decodeError: inner.decodeError,
  };
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
