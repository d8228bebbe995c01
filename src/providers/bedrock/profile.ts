/** The files that AWS's own tools share: `~/.aws/credentials` and `~/.aws/config`. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "ini";
import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { Role } from "./assume-role.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";

export interface ProfileOptions {
  readonly profile: string;
  readonly credentialsFile?: string | undefined;
  readonly configFile?: string | undefined;
  /** Takes a role with the keys of the profile that it names as its source. */
  readonly assume: (role: Role, source: CredentialSource) => CredentialSource;
}

/** A profile's keys, read anew every time; one with a `role_arn` takes that role with the keys of its `source_profile`. */
export function profileCredentials({ profile, credentialsFile, configFile, assume }: ProfileOptions): CredentialSource {
  const folder = join(homedir(), ".aws");
  return async () => {
    const [credentials, config] = await Promise.all([
      read(credentialsFile ?? join(folder, "credentials")),
      read(configFile ?? join(folder, "config")),
    ]);
    const sections = (name: string): JsonObject => ({
      ...sectionOf(config, name === "default" ? name : `profile ${name}`),
      ...sectionOf(credentials, name),
    });
    return await sourceOf(profile, { sections, assume, seen: [] })();
  };
}

interface Chain {
  readonly sections: (name: string) => JsonObject;
  readonly assume: ProfileOptions["assume"];
  /** Profiles on the way here, against circles. */
  readonly seen: readonly string[];
}

function sourceOf(name: string, { sections, assume, seen }: Chain): CredentialSource {
  const section = sections(name);
  const { role_arn, source_profile, external_id, role_session_name } = section;
  // A profile may name itself as its source: its own keys take its role.
  if (typeof role_arn !== "string" || seen.at(-1) === name) return async () => keysOf(name, section);
  if (typeof source_profile !== "string") throw unusable(name, "has a role_arn, but no source_profile");
  if (seen.includes(name)) throw unusable(name, "is its own source by way of others");
  const source = sourceOf(source_profile, { sections, assume, seen: [...seen, name] });
  return assume({ roleArn: role_arn, externalId: text(external_id), sessionName: text(role_session_name) }, source);
}

function keysOf(name: string, section: JsonObject): Credentials {
  const accessKeyId = text(section.aws_access_key_id);
  const secretAccessKey = text(section.aws_secret_access_key);
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: text(section.aws_session_token) };
  }
  const other = OTHER_WAYS.find((way) => section[way] !== undefined);
  throw unusable(name, other ? `wants ${other}, which Gatehouse does not do` : "holds no keys");
}

/** Ways to keys that run programs, or log in by a browser. */
const OTHER_WAYS = [
  "credential_process",
  "sso_session",
  "sso_start_url",
  "web_identity_token_file",
  "credential_source",
];

async function read(path: string): Promise<JsonObject> {
  try {
    return parse(await readFile(path.replace(/^~(?=\/)/, homedir()), "utf8"));
  } catch (cause) {
    // Either file may be missing: then the other one has to tell.
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new GatewayError("upstream_auth", "The gateway could not read its AWS profile.", { cause });
  }
}

/** The parser takes the dots in a section's name for levels. */
function sectionOf(file: JsonObject, name: string): JsonObject {
  const found = name.split(".").reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), file);
  return isObject(found) ? found : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unusable(name: string, why: string): GatewayError {
  const cause = new Error(`The AWS profile ${JSON.stringify(name)} ${why}.`);
  return new GatewayError("upstream_auth", "The gateway's AWS profile cannot be used.", { cause });
}
