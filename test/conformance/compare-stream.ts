/** A streamed answer: what it says, how it ends, and the shape of every event. */
import { isObject, tryParse } from "../../src/protocol/json.ts";
import type { AnswerCheck, Verdict } from "./compare-answer.ts";
import { compareChat } from "./compare-chat.ts";
import { readEvents, type StreamEvent } from "./event.ts";
import { type Reading, readStream } from "./reading.ts";
import { deltaFaults, readResponseStream } from "./reading-responses.ts";
import { bodyBytes } from "./recording.ts";
import { compareEvents } from "./unchanged.ts";

export function compareStream(check: AnswerCheck): Verdict {
  const { recording, supported, answer, schemas } = check;
  const { wire, endpoint } = supported;
  const { expect, client } = recording;
  const events = readEvents(answer.body.toString("utf8"));
  const reading = endpoint.api === "responses" ? readResponseStream(events) : readStream(events);
  const recorded = wire.translated ? [] : readEvents(bodyBytes(recording).toString("utf8"));
  const faults: string[] = [];
  if (expect && ["chat.completions", "responses"].includes(endpoint.api)) {
    faults.push(...compareChat(reading, isUntold(reading, check) ? { ...expect, usage: null } : expect));
  }
  if (endpoint.api === "responses") faults.push(...deltaFaults(events));
  if (!reading.error) {
    if (!answer.complete) faults.push("the connection broke before the answer was over");
    faults.push(...doneFaults(reading, wire.translated || recorded.some(({ data }) => data === "[DONE]")));
  }
  if (wire.translated) faults.push(...translationFaults(reading, events));
  else faults.push(...compareEvents(recorded, events, client?.body ?? {}));
  const chunks = chunkFaults(
    events,
    recorded,
    (chunk) => (endpoint.chunkSchema && schemas?.(endpoint.chunkSchema, chunk)) || [],
  );
  return { faults: [...faults, ...chunks.faults], notes: chunks.notes };
}

/** OpenAI's chat streams tell usage to clients that ask for it, and need not to others. */
function isUntold({ usage }: Reading, { supported, recording }: AnswerCheck): boolean {
  const options = recording.client?.body.stream_options;
  const asked = isObject(options) && options.include_usage === true;
  return supported.endpoint.api === "chat.completions" && usage === undefined && !asked;
}

/** Some providers send no `[DONE]`; the gateway may add it, once and last. */
function doneFaults({ doneCount, doneIsLast }: Reading, required: boolean): string[] {
  if (doneCount > 1) return [`[DONE] came ${doneCount} times`];
  if (doneCount === 1 && !doneIsLast) return ["something came after [DONE]"];
  return required && doneCount === 0 ? ["[DONE] is missing"] : [];
}

/** What OpenAI's own streams keep and a translation could forget. */
function translationFaults({ choices }: Reading, events: readonly StreamEvent[]): string[] {
  const chunks = events.map(({ data }) => tryParse(data)).filter(isObject);
  const ids = new Set(chunks.filter(({ error }) => error === undefined).map(({ id }) => id));
  const faults = ids.size > 1 ? [`the chunks carry ${ids.size} different ids`] : [];
  for (const [index, { finishCount }] of choices) {
    if (finishCount > 1) faults.push(`choice ${index} has ${finishCount} finish reasons`);
  }
  return faults;
}

/** Every event against the schema, each fault told once; a chunk that the provider sent so itself is no fault of ours. */
function chunkFaults(
  events: readonly StreamEvent[],
  recorded: readonly StreamEvent[],
  faultsOf: (chunk: unknown) => readonly string[],
): Verdict {
  const passedOn = new Set(recorded.map(({ data }) => data));
  const faults = new Set<string>();
  const notes = new Set<string>();
  for (const { data } of events) {
    const chunk = tryParse(data);
    if (data === "[DONE]" || (isObject(chunk) && isObject(chunk.error))) continue;
    for (const fault of faultsOf(chunk)) (passedOn.has(data) ? notes : faults).add(fault);
  }
  return { faults: [...faults], notes: [...notes] };
}
