/** Answers of providers that live in this process, in the form in which a transport brings those of others. */
import type { Exchange, ExchangeBody } from "../core/provider.ts";

export function wholeExchange(bytes: Buffer): Exchange {
  return { ...streamExchange(once(bytes)), headers: { "content-type": "application/json" }, whole: bytes };
}

/** Server-sent events as they are made. */
export function streamExchange(chunks: AsyncGenerator<Uint8Array, undefined>): Exchange {
  const body: ExchangeBody = {
    next: () => chunks.next(),
    return: () => chunks.return(undefined),
    firstByteSeen: () => {},
    drain: () => void chunks.return(undefined),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { status: 200, headers: { "content-type": "text/event-stream" }, body };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  yield bytes;
  return undefined;
}
