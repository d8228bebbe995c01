/** The models that may be asked for, as each API's clients read them: Anthropic's tell themselves by the version they speak. */
import type { IncomingHttpHeaders } from "node:http";

export function modelList(names: readonly string[], headers: IncomingHttpHeaders): object {
  const data = names.map((name) => modelInfo(name, headers));
  if (!isAnthropics(headers)) return { object: "list", data };
  return { data, has_more: false, first_id: names.at(0) ?? null, last_id: names.at(-1) ?? null };
}

export function modelInfo(id: string, headers: IncomingHttpHeaders): object {
  if (!isAnthropics(headers)) return { id, object: "model", created: CREATED, owned_by: "gatehouse" };
  return { id, type: "model", display_name: id, created_at: new Date(CREATED * 1000).toISOString() };
}

function isAnthropics(headers: IncomingHttpHeaders): boolean {
  return headers["anthropic-version"] !== undefined;
}

/** Seconds since 1970. The moment a name was configured means nothing to a client; OpenAI's clients want a number. */
const CREATED = 1_700_000_000;
