/** What the translation of one request has to know, and what is wrong with a request, found on the way. */
import { GatewayError } from "../../core/error.ts";
import type { Target } from "../../core/policy.ts";

export interface Way {
  readonly target: Target;
  /** The chat is translated again for the provider, so that fields beyond OpenAI's are read or named, never refused. */
  readonly translated: boolean;
  /** The chat's limit has its newer name there. */
  readonly completionLimit: boolean;
  /** Names a field that has no form in a chat, as a dotted path without indexes. */
  readonly drop: (path: string) => void;
}

export function invalid(path: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${path}' ${what}.`, { param: path });
}

/** Another target may take it. */
export function unsupported(path: string, what: string): GatewayError {
  return new GatewayError("unsupported", `This model's provider does not take ${what}.`, { param: path });
}
