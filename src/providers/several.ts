import type { Exchange, Outbound, Transport } from "../core/provider.ts";

/** A request that its provider takes in pieces only, such as one text at a time: everything but the body is the same. */
export interface SeveralBodies extends Outbound {
  readonly bodies: readonly string[];
}

/**
 * Sends the pieces, a few at a time, and answers as if it had been one: `{"answers": [...]}`, with the sum of a header that
 * counts. The first refusal is the answer to all.
 */
export function severally(transport: Transport, counter?: string): Transport {
  return async (outbound, options) => {
    if (!hasSeveral(outbound)) return await transport(outbound, options);
    const { bodies, ...rest } = outbound;
    const exchanges: Exchange[] = [];
    let refusal: Exchange | undefined;
    let next = 0;
    const work = async () => {
      while (next < bodies.length && !refusal) {
        const at = next++;
        const exchange = await transport({ ...rest, body: bodies[at]! }, options);
        if (exchange.status !== 200) refusal = exchange;
        exchanges[at] = exchange;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, bodies.length) }, work));
    return refusal ?? together(exchanges, counter);
  };
}

/** More would meet the account's limits sooner than they would be faster. */
const AT_ONCE = 8;

function hasSeveral(outbound: Outbound): outbound is SeveralBodies {
  return "bodies" in outbound;
}

function together(exchanges: readonly Exchange[], counter: string | undefined): Exchange {
  const headers = { ...exchanges[0]!.headers, ...(counter ? { [counter]: sumOf(exchanges, counter) } : {}) };
  const answers = exchanges.flatMap(({ whole = EMPTY }, at) => (at === 0 ? [whole] : [COMMA, whole]));
  const whole = Buffer.concat([Buffer.from('{"answers":['), ...answers, Buffer.from("]}")]);
  return { ...exchanges[0]!, headers, whole };
}

/** `NaN`, which reads as no number, where one of them does not count. */
function sumOf(exchanges: readonly Exchange[], counter: string): string {
  const counts = exchanges.map(({ headers }) => Number(headers[counter] ?? Number.NaN));
  return String(counts.reduce((sum, count) => sum + count, 0));
}

const EMPTY = Buffer.from("null");
const COMMA = Buffer.from(",");
