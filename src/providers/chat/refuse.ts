/** What is wrong with a client's request, found while translating it. */
import { GatewayError } from "../../core/error.ts";
import type { JsonObject } from "../../protocol/json.ts";

export function invalid(path: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${path}' ${what}.`, { param: path });
}

/** Another provider may take it. */
export function unsupported(path: string, what: string): GatewayError {
  return new GatewayError("unsupported", `This model's provider does not take ${what}.`, { param: path });
}

export interface Known {
  readonly known: ReadonlySet<string>;
  /** Where the object stands, without indexes. */
  readonly path: string;
  readonly drop: (path: string) => void;
}

/** Names to `drop` every member of a client's object that nothing reads. */
export function dropOthers(value: JsonObject, { known, path, drop }: Known): void {
  for (const [name, member] of Object.entries(value)) {
    if (member !== null && member !== undefined && !known.has(name)) drop(`${path}.${name}`);
  }
}

/** A number the client may leave out. Throws for anything else: to ignore it would be to answer another request. */
export function numberIn(chat: JsonObject, name: string): number | undefined {
  const value = chat[name] ?? undefined;
  if (value !== undefined && typeof value !== "number") throw invalid(name, "must be a number");
  return value;
}
