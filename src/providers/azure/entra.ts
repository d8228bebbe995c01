/** Microsoft Entra ID: OAuth client credentials for a bearer token. */
import type { Transport } from "../../core/provider.ts";
import { cachedToken, type TokenSource } from "../oauth/access-token.ts";
import { requestToken } from "../oauth/token-request.ts";

export interface ClientCredentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const SCOPE = "https://cognitiveservices.azure.com/.default";

/** `authority` leads to the token server. */
export function entraToken(credentials: ClientCredentials, authority: Transport, now = Date.now): TokenSource {
  const { tenantId, clientId, clientSecret } = credentials;
  const path = `/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, scope: SCOPE };
  return cachedToken(() => requestToken(authority, { path, form, now }), now);
}
