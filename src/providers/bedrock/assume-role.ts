import { readFile } from "node:fs/promises";
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

/**
 * Keys of a role, lent for an hour to whoever may take it: on a transport that signs, or with the token of a file that a
 * cluster writes, which needs no signature.
 */
export function assumedRole(role: Role, transport: Transport, tokenFile?: string): CredentialSource {
  return async () => {
    const identity = tokenFile === undefined ? undefined : await readToken(tokenFile);
    const outbound = {
      method: "POST",
      path: "/",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/xml, text/xml" },
      body: formOf(role, identity),
      dropped: [],
    } as const;
    // Not the signal of the call that came first: others wait for the same keys.
    const exchange = await transport(outbound, { signal: new CallSignal(), timeouts: TIMEOUTS, stream: false });
    const text = exchange.whole?.toString() ?? "";
    if (exchange.status !== 200) throw refusalOf(exchange, text);
    return credentialsIn(text);
  };
}

const TIMEOUTS = { firstByteMs: 10_000, idleMs: 10_000, totalMs: 20_000 };
const LENT_SECONDS = 3600;

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new GatewayError("upstream_auth", "The gateway could not read its identity's token.", { cause });
  }
}

function formOf({ roleArn, externalId, sessionName = "gatehouse" }: Role, identity: string | undefined): string {
  return new URLSearchParams({
    Action: identity === undefined ? "AssumeRole" : "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    DurationSeconds: String(LENT_SECONDS),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...(identity === undefined ? {} : { WebIdentityToken: identity }),
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
  const code = codeOf(status, text);
  const message =
    code === "upstream_auth"
      ? "The gateway may not take the role that it is configured for."
      : `The token service answered with status ${status}.`;
  return new GatewayError(code, message, { providerStatus: status, cause: clientText(text) });
}

function codeOf(status: number, text: string): ErrorCode {
  if (status === 429 || /<Code>Throttling/.test(text)) return "upstream_rate_limited";
  return status >= 500 ? "upstream_error" : "upstream_auth";
}
