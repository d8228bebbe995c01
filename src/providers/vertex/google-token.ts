/** Google's OAuth: a signed assertion, or a person's refresh token, for a bearer token. */
import { SignJWT } from "jose";
import { GatewayError } from "../../core/error.ts";
import type { Transport } from "../../core/provider.ts";
import { CallSignal } from "../../core/signal.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { type AccessToken, cachedToken, type TokenSource } from "../azure/access-token.ts";
import type { Account, ServiceAccount } from "./account.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** The longest that Google allows. */
const ASSERTION_SECONDS = 3600;
/** Of the token server; a call that waits keeps its own limits besides. */
const TIMEOUTS = { firstByteMs: 10_000, idleMs: 10_000, totalMs: 10_000 };

/** `tokenServer` leads to the account's token URI. */
export function googleToken(account: Account, tokenServer: Transport, now: () => number = Date.now): TokenSource {
  return cachedToken(() => requestToken(account, tokenServer, now), now);
}

async function requestToken(account: Account, tokenServer: Transport, now: () => number): Promise<AccessToken> {
  const { status, whole } = await tokenServer(
    {
      method: "POST",
      // The transport has the URI's path already.
      path: new URL(account.tokenUri).pathname === "/" ? "/" : "",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(await grantOf(account, now)).toString(),
      dropped: [],
    },
    { signal: new CallSignal(), timeouts: TIMEOUTS, stream: false },
  );
  const answer = tryParse(whole?.toString() ?? "");
  if (status !== 200 || !isObject(answer) || typeof answer.access_token !== "string") throw noToken(status, answer);
  const seconds = Number(answer.expires_in);
  return { token: answer.access_token, expiresAt: now() + (Number.isFinite(seconds) ? seconds : 0) * 1000 };
}

async function grantOf(account: Account, now: () => number): Promise<Record<string, string>> {
  if (account.kind === "service_account") {
    return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: await assertionOf(account, now) };
  }
  const { clientId, clientSecret, refreshToken } = account;
  return {
    grant_type: "refresh_token",
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  };
}

function assertionOf({ email, key, keyId, tokenUri }: ServiceAccount, now: () => number): Promise<string> {
  const issuedAt = Math.floor(now() / 1000);
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(keyId ? { kid: keyId } : {}) })
    .setIssuer(email)
    .setAudience(tokenUri)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_SECONDS)
    .sign(key);
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
