import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../core/call.ts";
import { GatewayError } from "../core/error.ts";

/** A key that was accepted: who it stands for and what it may ask. */
export interface Authenticated {
  readonly caller: Caller;
  /** Models or configuration entries this key may ask for; null for all. */
  readonly models: readonly string[] | null;
}

/** Whether a key may ask for a model: by its name, or by the configuration's entry that the name matched. */
export function mayUse({ models }: Authenticated, { entry, name }: { entry: string; name: string }): boolean {
  return models === null || models.includes(entry) || models.includes(name);
}

export type Authenticate = (token: string) => Authenticated | undefined;

/** Throws `missing_api_key` or `invalid_api_key`; says nothing about why a key was refused. */
export function authenticated(headers: IncomingHttpHeaders, authenticate: Authenticate): Authenticated {
  const token = tokenOf(headers);
  if (token === undefined) {
    throw new GatewayError("missing_api_key", "No API key was sent. Send one as 'Authorization: Bearer <key>'.");
  }
  const found = authenticate(token);
  if (!found) throw new GatewayError("invalid_api_key", "The API key is not valid here.");
  return found;
}

/** OpenAI's clients send a bearer token, Anthropic's `x-api-key`, Azure's `api-key`. */
function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : undefined;
  }
  const key = headers["x-api-key"] ?? headers["api-key"];
  return typeof key === "string" && key !== "" ? key : undefined;
}
