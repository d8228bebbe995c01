/** What is said about a request on its way through the bridge. */
import { GatewayError } from "../../core/error.ts";

export interface Way {
  /** Names a field that the request goes on without, as a dotted path without indexes. */
  readonly drop: (path: string) => void;
  /** As the provider knows it. */
  readonly model: string;
  /** The provider's wire is translated from chat as well, and reads what other wires have to give back. */
  readonly translated: boolean;
}

export function invalid(path: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${path}' ${what}.`, { param: path });
}

/** Another provider may take it. */
export function unsupported(path: string, what: string): GatewayError {
  return new GatewayError("unsupported", `This model is reached over chat, which has no form for ${what}.`, {
    param: path,
  });
}
