import type { Transport } from "../../core/provider.ts";
import type { Ways } from "../../core/provider-kind.ts";
import { severally } from "../several.ts";
import { assumedRole, type Role } from "./assume-role.ts";
import { type CredentialSource, type KeptCredentials, kept } from "./credentials.ts";
import { TOKENS_HEADER } from "./embeddings.ts";
import { profileCredentials } from "./profile.ts";
import { type BedrockSettings, endpointOf } from "./settings.ts";
import { signed } from "./sign.ts";

/** The way to Bedrock with the credentials that were configured; an API key stands in the adapters' headers already. */
export function bedrockTransport(settings: BedrockSettings, { transportTo }: Ways, now = Date.now): Transport {
  const { region, baseUrl = endpointOf("bedrock-runtime", region), network } = settings;
  const transport = transportTo(baseUrl, network);
  if (settings.apiKey !== undefined) return severally(transport, TOKENS_HEADER);
  const credentials = keptCredentials(settings, { transportTo }, now);
  return severally(signed(transport, { baseUrl, service: "bedrock", region, credentials, now }), TOKENS_HEADER);
}

/** Files may be written anew by the tools they belong to. */
const REREAD_MS = 60_000;

function keptCredentials(settings: BedrockSettings, { transportTo }: Ways, now: () => number): KeptCredentials {
  const { region, stsUrl: baseUrl = endpointOf("sts", region), network } = settings;
  const { roleArn, externalId, roleSessionName: sessionName, webIdentityTokenFile } = settings;
  const keep = (source: CredentialSource) => kept(source, { now, rereadMs: REREAD_MS });
  const assume = (role: Role, source: CredentialSource): CredentialSource => {
    const transport = transportTo(baseUrl, network);
    return assumedRole(role, signed(transport, { baseUrl, service: "sts", region, credentials: keep(source), now }));
  };
  if (roleArn === undefined) return keep(keysOf(settings, assume));
  const role = { roleArn, externalId, sessionName };
  if (webIdentityTokenFile !== undefined) {
    return keep(assumedRole(role, transportTo(baseUrl, network), webIdentityTokenFile));
  }
  return keep(assume(role, keysOf(settings, assume)));
}

type Assume = (role: Role, source: CredentialSource) => CredentialSource;

function keysOf(settings: BedrockSettings, assume: Assume): CredentialSource {
  const { accessKeyId = "", secretAccessKey = "", sessionToken, profile, credentialsFile, configFile } = settings;
  if (profile !== undefined) return profileCredentials({ profile, credentialsFile, configFile, assume });
  return async () => ({ accessKeyId, secretAccessKey, sessionToken });
}
