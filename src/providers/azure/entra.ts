/** Microsoft Entra ID: OAuth client credentials for a bearer token, and a transport that sends it. */
import { GatewayError } from "../../core/error.ts";
import type { Transport } from "../../core/provider.ts";
import { CallSignal } from "../../core/signal.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { type AccessToken, cachedToken, type TokenSource } from "./access-token.ts";

export interface ClientCredentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const SCOPE = "https://cognitiveservices.azure.com/.default";
/** Of the token server; a call that waits keeps its own limits besides. */
const TIMEOUTS = { firstByteMs: 10_000, idleMs: 10_000, totalMs: 10_000 };

/** `authority` leads to the token server. */
export function entraToken(credentials: ClientCredentials, authority: Transport, now = Date.now): TokenSource {
  return cachedToken(() => requestToken(credentials, authority, now), now);
}

async function requestToken(
  { tenantId, clientId, clientSecret }: ClientCredentials,
  authority: Transport,
  now: () => number,
): Promise<AccessToken> {
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, scope: SCOPE };
  const { status, whole } = await authority(
    {
      method: "POST",
      path: `/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
      dropped: [],
    },
    { signal: new CallSignal(), timeouts: TIMEOUTS, stream: false },
  );
  const answer = tryParse(whole?.toString() ?? "");
  if (status !== 200 || !isObject(answer) || typeof answer.access_token !== "string") throw noToken(status, answer);
  const seconds = Number(answer.expires_in);
  return { token: answer.access_token, expiresAt: now() + (Number.isFinite(seconds) ? seconds : 0) * 1000 };
}

/** A token server in trouble may do better soon; one that refuses our credentials will not. */
function noToken(status: number, answer: unknown): GatewayError {
  const told = isObject(answer) ? String(answer.error_description ?? answer.error ?? "") : "";
  const cause = clientText(`${status} ${told}`);
  if (status === 429 || status >= 500) {
    return new GatewayError("upstream_error", "The gateway could not get a token for the provider.", { cause });
  }
  return new GatewayError("upstream_auth", "The gateway got no token for the provider.", { cause });
}

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
