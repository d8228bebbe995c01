import type { Transport } from "../../core/provider.ts";
import type { TokenSource } from "./access-token.ts";

/** The same way with `authorization` on it. A provider that refuses the token is given a new one by the next call. */
export function withBearer(transport: Transport, tokens: TokenSource): Transport {
  return async (outbound, options) => {
    const token = await tokens.current(options.signal);
    const headers = { ...outbound.headers, authorization: `Bearer ${token}` };
    const exchange = await transport({ ...outbound, headers }, options);
    if (exchange.status === 401) tokens.forget(token);
    return exchange;
  };
}
