import { type ErrorCode, GatewayError } from "../../core/error.ts";
import type { Exchange, Transport } from "../../core/provider.ts";
import { CallSignal } from "../../core/signal.ts";
import { clientText } from "../../protocol/refusal.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";

export interface Role {
  readonly roleArn: string;
  readonly externalId?: string | undefined;
  readonly sessionName?: string | undefined;
}

/** The way to the Security Token Service; requests on it are signed. */
export type TokenService = (credentials: CredentialSource) => Transport;

/** Keys of a role, lent for an hour to whoever has keys that may take it. */
export function assumedRole(role: Role, transport: Transport): CredentialSource {
  const outbound = {
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/xml, text/xml" },
    body: formOf(role),
    dropped: [],
  } as const;
  return async () => {
    // Not the signal of the call that came first: others wait for the same keys.
    const exchange = await transport(outbound, { signal: new CallSignal(), timeouts: TIMEOUTS, stream: false });
    const text = exchange.whole?.toString() ?? "";
    if (exchange.status !== 200) throw refusalOf(exchange, text);
    return credentialsIn(text);
  };
}

const TIMEOUTS = { firstByteMs: 10_000, idleMs: 10_000, totalMs: 20_000 };
const LENT_SECONDS = 3600;

function formOf({ roleArn, externalId, sessionName = "gatehouse" }: Role): string {
  return new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    DurationSeconds: String(LENT_SECONDS),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  }).toString();
}

/** Never in the error's cause: an answer that is only half understood may hold a key. */
function credentialsIn(xml: string): Credentials {
  const found = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1]?.trim();
  const [accessKeyId, secretAccessKey] = [found("AccessKeyId"), found("SecretAccessKey")];
  const expiresAt = Date.parse(found("Expiration") ?? "");
  if (!accessKeyId || !secretAccessKey || Number.isNaN(expiresAt)) {
    throw new GatewayError("upstream_invalid_response", "The token service's answer holds no credentials.");
  }
  return { accessKeyId, secretAccessKey, sessionToken: found("SessionToken"), expiresAt };
}

function refusalOf({ status }: Exchange, text: string): GatewayError {
  const code: ErrorCode = status === 429 ? "upstream_rate_limited" : status >= 500 ? "upstream_error" : "upstream_auth";
  const message =
    code === "upstream_auth"
      ? "The gateway may not take the role that it is configured for."
      : `The token service answered with status ${status}.`;
  return new GatewayError(code, message, { providerStatus: status, cause: clientText(text) });
}
