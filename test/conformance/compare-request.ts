/** The provider's side: what reached the stub must mean what was recorded. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { brief, describe, differencesBetween } from "./difference.ts";
import type { Recording } from "./recording.ts";
import type { Arrival } from "./stub-upstream.ts";
import { isIntended, type Wire } from "./wire.ts";

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
function compareTarget({ request }: Recording, wire: Wire, { method, target }: Arrival): string[] {
  const wanted = new URL(request.url);
  const came = new URL(target, "http://stub");
  const faults: string[] = [];
  if (method !== request.method) faults.push(`the provider got method ${method}, expected ${request.method}`);
  if (decodeURIComponent(came.pathname) !== decodeURIComponent(wanted.pathname)) {
    faults.push(`the provider got path ${came.pathname}, expected ${wanted.pathname}`);
  }
  const query = ({ searchParams }: URL) => ({ query: Object.fromEntries(searchParams) });
  const differences = differencesBetween(query(wanted), query(came));
  return [...faults, ...differences.filter((one) => !isIntended(one, wire)).map((one) => `the ${describe(one)}`)];
}

function compareHeaders(wire: Wire, { headers }: Arrival, keys: Keys): string[] {
  const faults = [...wire.credentials(headers, keys.provider)];
  if (!headers["content-type"]?.startsWith("application/json")) {
    faults.push(`the provider got content-type ${brief(headers["content-type"])}`);
  }
  if (JSON.stringify(headers).includes(keys.gateway)) faults.push("the gateway's own key reached the provider");
  return faults;
}

function compareBody({ request, client }: Recording, wire: Wire, { body }: Arrival): string[] {
  const came = tryParse(body);
  if (!isObject(came)) return [`the provider got a body that is no JSON object: ${brief(body)}`];
  const meaning = (value: JsonObject) => wire.meaning?.(value, client?.lossy ?? []) ?? value;
  const differences = differencesBetween(meaning(request.body), meaning(came));
  return differences.filter((one) => !isIntended(one, wire)).map((one) => `sent to the provider: ${describe(one)}`);
}
