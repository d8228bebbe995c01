/** The provider's side: what reached the stub must mean what was recorded. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { brief, describe, differencesBetween } from "./difference.ts";
import { isIntended } from "./intended.ts";
import { meaningOf } from "./messages-meaning.ts";
import type { Recording } from "./recording.ts";
import type { Arrival } from "./stub-upstream.ts";
import type { Wire } from "./wires.ts";

export interface Keys {
  /** Configured for the provider: must arrive. */
  readonly provider: string;
  /** The client's own key for the gateway: must not leave it. */
  readonly gateway: string;
}

/** The faults in what arrived, in words; retries count as arrivals too. */
export function compareRequest(recording: Recording, wire: Wire, arrivals: readonly Arrival[], keys: Keys): string[] {
  if (arrivals.length === 0) return ["nothing reached the provider"];
  const faults = arrivals.flatMap((arrival) => [
    ...compareTarget(recording, wire, arrival),
    ...compareHeaders(wire, arrival, keys),
    ...compareBody(recording, wire, arrival),
  ]);
  return [...new Set(faults)];
}

/** Paths are compared decoded: clients write `:` or `%3A`. */
function compareTarget({ request }: Recording, { kind }: Wire, { method, target }: Arrival): string[] {
  const wanted = new URL(request.url);
  const came = new URL(target, "http://stub");
  const faults: string[] = [];
  if (method !== request.method) faults.push(`the provider got method ${method}, expected ${request.method}`);
  if (decodeURIComponent(came.pathname) !== decodeURIComponent(wanted.pathname)) {
    faults.push(`the provider got path ${came.pathname}, expected ${wanted.pathname}`);
  }
  const query = ({ searchParams }: URL) => ({ query: Object.fromEntries(searchParams) });
  const differences = differencesBetween(query(wanted), query(came));
  return [...faults, ...differences.filter((one) => !isIntended(one, kind)).map((one) => `the ${describe(one)}`)];
}

function compareHeaders({ kind }: Wire, { headers }: Arrival, keys: Keys): string[] {
  const faults: string[] = [];
  const [name, value] =
    kind === "anthropic" ? ["x-api-key", keys.provider] : ["authorization", `Bearer ${keys.provider}`];
  if (headers[name] !== value) faults.push(`the provider did not get its key in \`${name}\``);
  if (kind === "anthropic" && headers["anthropic-version"] !== "2023-06-01") {
    faults.push(`the provider got anthropic-version ${brief(headers["anthropic-version"])}`);
  }
  if (!headers["content-type"]?.startsWith("application/json")) {
    faults.push(`the provider got content-type ${brief(headers["content-type"])}`);
  }
  if (JSON.stringify(headers).includes(keys.gateway)) faults.push("the gateway's own key reached the provider");
  return faults;
}

function compareBody({ request, client }: Recording, { kind }: Wire, { body }: Arrival): string[] {
  const came = tryParse(body);
  if (!isObject(came)) return [`the provider got a body that is no JSON object: ${brief(body)}`];
  const meaning = (value: JsonObject) => (kind === "anthropic" ? meaningOf(value, client?.lossy ?? []) : value);
  const differences = differencesBetween(meaning(request.body), meaning(came));
  return differences.filter((one) => !isIntended(one, kind)).map((one) => `sent to the provider: ${describe(one)}`);
}
