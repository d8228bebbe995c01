import { GatewayError } from "../core/error.ts";
import type { Adapter, StreamFacts } from "../core/provider.ts";
import { Frame } from "../protocol/frame.ts";
import { isObject } from "../protocol/json.ts";
import { readUsage, type Usage } from "../protocol/openai.ts";
import { EventSplitter, SseError, type SseEvent } from "../protocol/sse.ts";

export interface FramesOptions {
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
export async function* openAIFrames(
  bytes: AsyncIterable<Uint8Array>,
  options: FramesOptions,
): AsyncGenerator<Frame, void> {
  const passage = new Passage(options);
  for await (const chunk of bytes) {
    const frame = passage.take(chunk);
    if (frame) yield frame;
    if (passage.failure) throw passage.failure;
  }
  yield* passage.end();
}

class Passage {
  /** Set when a provider's error was found; what came before it is still to be handed on. */
  failure: GatewayError | undefined;
  readonly #options: FramesOptions;
  readonly #splitter = new EventSplitter();
  readonly #opening: Uint8Array[] = [];
  #begun = false;
  #first: Frame | undefined;
  #last: Frame | undefined;
  #beforeLast: Frame | undefined;

  constructor(options: FramesOptions) {
    this.#options = options;
  }

  take(chunk: Uint8Array): Frame | undefined {
    const whole = push(this.#splitter, chunk);
    if (!whole) return undefined;
    const frame = this.#remember(whole);
    if (contains(whole, ERROR) && this.#findError(frame)) return this.#beforeError(frame);
    if (endsWithDone(whole)) this.#finish();
    const shown = this.#options.hideUsage ? withoutUsage(frame, this.#options.facts) : frame;
    return this.#begun || !shown ? shown : this.#begin(shown);
  }

  /** What the end of the bytes still brings: an event without its blank line, an error without `data:`, the missing end. */
  *end(): Generator<Frame, void> {
    const { facts, decodeError } = this.#options;
    const rest = this.#splitter.flush();
    if (rest) {
      const frame = this.#remember(rest);
      if (this.#findError(frame)) throw this.failure;
      throwIfBareError(rest, decodeError);
      if (!facts.finished && isWhole(frame)) yield Frame.ofBytes(Buffer.concat([rest, BLANK_LINE]));
    }
    if (facts.finished) return;
    if (!isDone(this.#last) && !hasFinishReason(this.#last) && !hasFinishReason(this.#beforeLast)) {
      throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
    }
    this.#finish();
    // Some servers end without the terminal event; clients that wait for it should not have to.
    if (!isDone(this.#last)) yield Frame.DONE;
  }

  /** The last two frames that are more than a keep-alive: usage and the end stand there. */
  #remember(bytes: Uint8Array): Frame {
    const frame = Frame.ofBytes(bytes);
    if (bytes[0] === COLON && !contains(bytes, DATA)) return frame;
    this.#beforeLast = this.#last;
    this.#last = frame;
    return frame;
  }

  /** Comments and chunks without content promise nothing: as long as only they have come, another target can still be asked. */
  #begin(frame: Frame): Frame | undefined {
    this.#opening.push(frame.bytes);
    this.#begun = frame.events.some(promises) || this.#opening.length >= MAX_OPENING_COMMENTS;
    if (!this.#begun) return undefined;
    this.#first = frame;
    return this.#opening.length === 1 ? frame : Frame.ofBytes(Buffer.concat(this.#opening));
  }

  #findError(frame: Frame): boolean {
    const found = frame.events.find(isError);
    this.failure = found && this.#options.decodeError(200, found.data, {});
    return found !== undefined;
  }

  #beforeError(frame: Frame): Frame | undefined {
    const before = frame.events.slice(0, frame.events.findIndex(isError));
    return before.length > 0 ? Frame.ofEvents(before) : undefined;
  }

  #finish(): void {
    const { facts } = this.#options;
    facts.finished = true;
    // A few servers tell it at the start alone.
    facts.usage ??= usageIn(this.#last) ?? usageIn(this.#beforeLast) ?? usageIn(this.#first);
  }
}

/** A server that only ever sends keep-alives must not fill our memory with them. */
const MAX_OPENING_COMMENTS = 1000;

/** A member's name or an event's; in a text it costs a look at the frame. */
const ERROR = Buffer.from("error");
const DATA = Buffer.from("data:");
const COLON = 58;
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

/** Azure begins with what its filter thought of the prompt, in a chunk of no choice: an error can still follow. */
function promises({ json }: SseEvent): boolean {
  if (!isObject(json) || isObject(json.usage)) return true;
  return !Array.isArray(json.choices) || json.choices.length > 0;
}

function isError({ event, json }: SseEvent): boolean {
  return isObject(json) && (event === "error" || (json.error !== undefined && json.error !== null));
}

function isDone(frame: Frame | undefined): boolean {
  return frame?.events.some((event) => event.data === "[DONE]") === true;
}

/** An event that never got its blank line counts only if nothing of it is missing. */
function isWhole(frame: Frame): boolean {
  return frame.events.every((event) => event.json !== undefined || event.data === "[DONE]");
}

/** A JSON error after the last event, without `data:` before it. */
function throwIfBareError(rest: Uint8Array, decodeError: Adapter["decodeError"]): void {
  const text = Buffer.from(rest).toString().trim();
  if (text.startsWith("{") || text.startsWith("[")) throw decodeError(200, text, {});
}
