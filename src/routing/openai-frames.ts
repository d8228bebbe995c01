import { GatewayError } from "../core/error.ts";
import type { Adapter, StreamFacts } from "../core/provider.ts";
import { Frame } from "../protocol/frame.ts";
import { isObject } from "../protocol/json.ts";
import { readUsage, type Usage } from "../protocol/openai.ts";
import { EventSplitter, SseError } from "../protocol/sse.ts";

interface Options {
  readonly decodeError: Adapter["decodeError"];
  /** Usage was asked for on our own account: the event that carries it stays here. */
  readonly hideUsage: boolean;
  readonly facts: StreamFacts;
}

/**
 * The bytes as they came, in runs of whole events. A frame is read only where it has to be: an error inside a 200,
 * usage to be kept from the client, and the last frames for usage and the reason it ended.
 * Throws the provider's error in our words, or `upstream_closed` when the stream ends without its end.
 */
export async function* openAIFrames(bytes: AsyncIterable<Uint8Array>, options: Options): AsyncGenerator<Frame, void> {
  const { facts, hideUsage, decodeError } = options;
  const splitter = new EventSplitter();
  let last: Frame | undefined;
  let beforeLast: Frame | undefined;
  let begun = false;
  const opening: Uint8Array[] = [];
  for await (const chunk of bytes) {
    const whole = push(splitter, chunk);
    if (!whole) continue;
    const frame = Frame.ofBytes(whole);
    const broken = contains(whole, ERROR) ? errorIn(frame, decodeError) : undefined;
    if (broken) {
      if (broken.before.events.length > 0) yield broken.before;
      throw broken.error;
    }
    beforeLast = last;
    last = frame;
    if (endsWithDone(whole)) finish(facts, last, beforeLast);
    const shown = hideUsage ? withoutUsage(frame, facts) : frame;
    if (!shown) continue;
    if (begun) {
      yield shown;
      continue;
    }
    // Comments promise nothing: as long as only they have come, another target can still be asked.
    opening.push(shown.bytes);
    begun = shown.events.length > 0 || opening.length >= MAX_OPENING_COMMENTS;
    if (begun) yield opening.length === 1 ? shown : Frame.ofBytes(Buffer.concat(opening));
  }
  const rest = splitter.flush();
  if (rest) {
    const frame = Frame.ofBytes(rest);
    const broken = errorIn(frame, decodeError);
    if (broken) throw broken.error;
    throwIfBareError(rest, decodeError);
    beforeLast = last;
    last = frame;
    // An event that never got its blank line counts only if it is whole.
    if (!facts.finished && frame.events.every((event) => event.json !== undefined || event.data === "[DONE]")) {
      yield Frame.ofBytes(Buffer.concat([rest, BLANK_LINE]));
    }
  }
  if (facts.finished) return;
  finish(facts, last, beforeLast);
  if (last?.events.some((event) => event.data === "[DONE]")) return;
  if (!hasFinishReason(last) && !hasFinishReason(beforeLast)) {
    facts.finished = false;
    throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
  }
  // Some servers end without the terminal event; clients that wait for it should not have to.
  yield Frame.DONE;
}

/** A server that only ever sends keep-alives must not fill our memory with them. */
const MAX_OPENING_COMMENTS = 1000;

const ERROR = Buffer.from('"error"');
const BLANK_LINE = Buffer.from("\n\n");

function push(splitter: EventSplitter, chunk: Uint8Array): Uint8Array | undefined {
  try {
    return splitter.push(chunk);
  } catch (error) {
    if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
    throw error;
  }
}

function contains(bytes: Uint8Array, what: Buffer): boolean {
  return (bytes as Buffer).indexOf(what) !== -1;
}

/** `data: [DONE]` and a blank line, in any line ending. JSON events end in a brace, so one look is enough for them. */
function endsWithDone(bytes: Uint8Array): boolean {
  let at = bytes.length - 1;
  while (at >= 0 && bytes[at]! <= 32) at--;
  return bytes[at] === 93 && (bytes as Buffer).toString("latin1", at - 5, at + 1) === "[DONE]";
}

function finish(facts: StreamFacts, last: Frame | undefined, beforeLast: Frame | undefined): void {
  facts.finished = true;
  facts.usage ??= usageIn(last) ?? usageIn(beforeLast);
}

/** Usage from the last event backwards; some servers repeat it in every chunk. Groq has it in `x_groq`. */
function usageIn(frame: Frame | undefined): Usage | undefined {
  if (!frame) return undefined;
  for (const { json } of frame.events.toReversed()) {
    if (!isObject(json)) continue;
    const usage = readUsage(json.usage) ?? (isObject(json.x_groq) ? readUsage(json.x_groq.usage) : undefined);
    if (usage) return usage;
  }
  return undefined;
}

function hasFinishReason(frame: Frame | undefined): boolean {
  return (frame?.events ?? []).some(({ json }) =>
    choicesOf(json).some((choice) => isObject(choice) && !!choice.finish_reason),
  );
}

function choicesOf(json: unknown): readonly unknown[] {
  return isObject(json) && Array.isArray(json.choices) ? json.choices : [];
}

const EMPTY_CHOICES = [Buffer.from('"choices":[]'), Buffer.from('"choices": []')];

/** The frame less the event that carries usage and no choice; undefined when nothing else was in it. */
function withoutUsage(frame: Frame, facts: StreamFacts): Frame | undefined {
  if (!EMPTY_CHOICES.some((empty) => contains(frame.bytes, empty))) return frame;
  const kept = frame.events.filter(({ json }) => {
    const usage = isObject(json) && choicesOf(json).length === 0 ? readUsage(json.usage) : undefined;
    if (usage) facts.usage = usage;
    return usage === undefined;
  });
  if (kept.length === frame.events.length) return frame;
  return kept.length === 0 ? undefined : Frame.ofEvents(kept);
}

/** An error among a frame's events, with the events that came before it. */
function errorIn(
  frame: Frame,
  decodeError: Adapter["decodeError"],
): { before: Frame; error: GatewayError } | undefined {
  const at = frame.events.findIndex(({ event, json }) => isObject(json) && (event === "error" || json.error != null));
  if (at < 0) return undefined;
  const before = Frame.ofEvents(frame.events.slice(0, at));
  return { before, error: decodeError(200, frame.events[at]!.data, {}) };
}

/** A JSON error after the last event, without `data:` before it. */
function throwIfBareError(rest: Uint8Array, decodeError: Adapter["decodeError"]): void {
  const text = Buffer.from(rest).toString().trim();
  if (text.startsWith("{") || text.startsWith("[")) throw decodeError(200, text, {});
}
