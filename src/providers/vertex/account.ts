/** The accounts that a gateway may have at Google, as Google's own tools keep them in JSON files. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";

export type Account = ServiceAccount | UserAccount;

export interface ServiceAccount {
  readonly kind: "service_account";
  readonly email: string;
  readonly key: KeyObject;
  readonly keyId: string | undefined;
  readonly tokenUri: string;
  readonly project: string | undefined;
}

/** A person's, made by `gcloud auth application-default login`. */
export interface UserAccount {
  readonly kind: "authorized_user";
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUri: string;
  readonly project: string | undefined;
}

/** From a JSON object, its text, or a file that holds it. Throws an Error that says what is wrong and nothing that is secret. */
export function readAccount(credentials: string | JsonObject): Account {
  const json = typeof credentials === "string" ? tryParse(textOf(credentials)) : credentials;
  if (!isObject(json)) throw new Error("must be the JSON of a Google account, or a file that holds it");
  if (json.type === "service_account") return serviceAccount(json);
  if (json.type === "authorized_user") return userAccount(json);
  throw new Error(`must be of the type service_account or authorized_user, not ${JSON.stringify(json.type ?? null)}`);
}

function textOf(credentials: string): string {
  if (/^\s*\{/.test(credentials)) return credentials;
  try {
    return readFileSync(credentials, "utf8");
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

const TOKEN_URI = "https://oauth2.googleapis.com/token";

function serviceAccount(json: JsonObject): ServiceAccount {
  return {
    kind: "service_account",
    email: text(json, "client_email"),
    key: keyOf(text(json, "private_key")),
    keyId: optional(json, "private_key_id"),
    tokenUri: tokenUriOf(json),
    project: optional(json, "project_id"),
  };
}

function userAccount(json: JsonObject): UserAccount {
  return {
    kind: "authorized_user",
    clientId: text(json, "client_id"),
    clientSecret: text(json, "client_secret"),
    refreshToken: text(json, "refresh_token"),
    tokenUri: tokenUriOf(json),
    project: optional(json, "quota_project_id"),
  };
}

/** Environment variables often hold the key's line ends as `\n`. */
function keyOf(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem.replaceAll("\\n", "\n"));
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // What is wrong with a key is told without the key.
  }
  throw new Error("has a private_key that is no RSA key");
}

function tokenUriOf(json: JsonObject): string {
  const uri = optional(json, "token_uri") ?? TOKEN_URI;
  if (!URL.canParse(uri) || !/^https?:/.test(uri)) throw new Error("has a token_uri that is no URL");
  return uri;
}

function text(json: JsonObject, name: string): string {
  const value = optional(json, name);
  if (value === undefined) throw new Error(`has no ${name}`);
  return value;
}

function optional(json: JsonObject, name: string): string | undefined {
  const value = json[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
