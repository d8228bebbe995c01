/** Google's OAuth: a signed assertion, or a person's refresh token, for a bearer token. */
import { SignJWT } from "jose";
import type { Transport } from "../../core/provider.ts";
import { cachedToken, type TokenSource } from "../oauth/access-token.ts";
import { requestToken } from "../oauth/token-request.ts";
import type { Account, ServiceAccount } from "./account.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** The longest that Google allows. */
const ASSERTION_SECONDS = 3600;

/** `tokenServer` leads to the account's token URI. */
export function googleToken(account: Account, tokenServer: Transport, now: () => number = Date.now): TokenSource {
  // The transport has the URI's path already.
  const path = new URL(account.tokenUri).pathname === "/" ? "/" : "";
  return cachedToken(async () => {
    return requestToken(tokenServer, { path, form: await grantOf(account, now), now });
  }, now);
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
