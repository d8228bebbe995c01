/** One request to an OAuth token server, which is reached like a provider: pooled, and behind the egress guard. */
import { GatewayError } from "../../core/error.ts";
import type { Transport } from "../../core/provider.ts";
import { CallSignal } from "../../core/signal.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import type { AccessToken } from "./access-token.ts";

export interface TokenRequest {
  /** After what the transport has of the address already. */
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Of the token server; a call that waits keeps its own limits besides. */
const TIMEOUTS = { firstByteMs: 10_000, idleMs: 10_000, totalMs: 10_000 };

export async function requestToken(server: Transport, { path, form, now }: TokenRequest): Promise<AccessToken> {
  const { status, whole } = await server(
    {
      method: "POST",
      path,
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

/** A token server in trouble may do better soon; one that refuses our account will not. */
function noToken(status: number, answer: unknown): GatewayError {
  const told = isObject(answer) ? String(answer.error_description ?? answer.error ?? "") : "";
  const cause = clientText(`${status} ${told}`);
  if (status === 429 || status >= 500) {
    return new GatewayError("upstream_error", "The gateway could not get a token for the provider.", { cause });
  }
  return new GatewayError("upstream_auth", "The gateway got no token for the provider.", { cause });
}
