/** Between a client and a provider of one protocol nothing may change, fields we do not know included. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { brief, describe, differencesBetween } from "./difference.ts";
import type { StreamEvent } from "./event.ts";

export function compareWholeBytes(recorded: Buffer, answer: Buffer): string[] {
  if (recorded.equals(answer)) return [];
  const differences = differencesBetween(tryParse(recorded.toString("utf8")), tryParse(answer.toString("utf8")));
  if (differences.length === 0) return ["the answer was written anew: same JSON, other bytes"];
  return differences.map((one) => `the answer changed on the way: ${describe(one)}`);
}

/**
 * Event by event, with three freedoms: a missing `[DONE]` may be added; a chunk of nothing but usage may be
 * withheld from a client that did not ask for one; an error and what follows is compared by meaning elsewhere.
 */
export function compareEvents(
  recorded: readonly StreamEvent[],
  answer: readonly StreamEvent[],
  request: JsonObject,
): string[] {
  const asksForUsage = isObject(request.stream_options) && request.stream_options.include_usage === true;
  const kept = (events: readonly StreamEvent[]) =>
    untilError(events).filter((event) => event.data !== "[DONE]" && (asksForUsage || !isUsageOnly(event)));
  const wanted = kept(recorded);
  const came = kept(answer);
  const at = wanted.findIndex(({ event, data }, index) => came[index]?.data !== data || came[index]?.event !== event);
  if (at >= 0) return [`event ${at + 1} of ${wanted.length}: expected ${brief(wanted[at])}, got ${brief(came[at])}`];
  return came.length > wanted.length ? [`an event the provider never sent: ${brief(came[wanted.length])}`] : [];
}

function untilError(events: readonly StreamEvent[]): readonly StreamEvent[] {
  const at = events.findIndex(({ data }) => {
    const chunk = tryParse(data);
    return isObject(chunk) && isObject(chunk.error);
  });
  return at < 0 ? events : events.slice(0, at);
}

function isUsageOnly({ data }: StreamEvent): boolean {
  const chunk = tryParse(data);
  return isObject(chunk) && Array.isArray(chunk.choices) && chunk.choices.length === 0 && isObject(chunk.usage);
}
