import { asGatewayError, GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { RESPONSE_ENDS, readResponseUsage } from "../../protocol/responses.ts";
import { EventSplitter, SseError, type SseEvent } from "../../protocol/sse.ts";
import { decodeResponseError } from "./response-errors.ts";

/**
 * The events of a Responses stream as they came, in runs of whole events; read only where they may end it. Throws the error
 * that stands in an `error` or `response.failed` event, and `upstream_closed` when the stream ends before the answer did.
 */
export async function* responseFrames(
  bytes: AsyncIterable<Uint8Array>,
  facts: StreamFacts,
): AsyncGenerator<Frame, void> {
  const passage = new Passage(facts);
  try {
    for await (const chunk of bytes) {
      const frame = passage.take(chunk);
      if (frame) yield frame;
      if (passage.failure) throw passage.failure;
    }
    const rest = passage.end();
    if (rest) yield rest;
    passage.checkEnd();
  } catch (thrown) {
    throw passage.brokenBy(thrown);
  }
}

class Passage {
  /** Set when the provider's error was found; what came before it is still to be handed on. */
  failure: GatewayError | undefined;
  readonly #facts: StreamFacts;
  readonly #splitter = new EventSplitter();
  readonly #opening: Frame[] = [];
  #begun = false;
  #last: Frame | undefined;
  #response: unknown;

  constructor(facts: StreamFacts) {
    this.#facts = facts;
  }

  take(chunk: Uint8Array): Frame | undefined {
    const whole = push(this.#splitter, chunk);
    return whole && this.#show(Frame.ofBytes(whole));
  }

  /** What the last bytes hold: an event without its blank line counts if nothing of it is missing. */
  end(): Frame | undefined {
    const rest = this.#splitter.flush();
    const cut = rest && Frame.ofBytes(Buffer.concat([rest, BLANK_LINE]));
    return cut?.events.every(({ json }) => json !== undefined) ? this.#show(cut) : undefined;
  }

  checkEnd(): void {
    if (this.failure) throw this.failure;
    if (!this.#facts.finished)
      throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
  }

  /** What the event that tells the client needs to know. */
  brokenBy(thrown: unknown): GatewayError {
    const events = this.#last?.events ?? [];
    const last = events.findLast(({ json }) => isObject(json) && typeof json.sequence_number === "number")?.json;
    const nextEvent = isObject(last) ? Number(last.sequence_number) + 1 : 0;
    return asGatewayError(thrown).with({ broken: { nextEvent, response: this.#response } });
  }

  #show(frame: Frame): Frame | undefined {
    if (!this.#begun) return this.#begin(frame);
    const shown = !this.#facts.finished && mayEnd(frame.bytes) ? this.#read(frame) : frame;
    if (shown) this.#last = shown;
    return shown;
  }

  /** As long as an answer is only announced another target can still be asked: OpenAI tells a lack of quota after that. */
  #begin(frame: Frame): Frame | undefined {
    const shown = this.#read(frame);
    if (!shown) return undefined;
    this.#opening.push(shown);
    this.#begun = !shown.events.every(({ json }) => announces(json)) || this.#opening.length >= MAX_OPENING;
    if (!this.#begun) return undefined;
    const first = this.#opening.length === 1 ? shown : Frame.ofBytes(Buffer.concat(this.#opening.map(bytesOf)));
    this.#opening.length = 0;
    this.#last = first;
    return first;
  }

  /** The frame up to an error in it. */
  #read(frame: Frame): Frame | undefined {
    const { events } = frame;
    for (const { json } of events) if (isObject(json)) this.#note(json);
    const failed = events.findIndex(isFailure);
    if (failed < 0) return frame;
    this.failure = failureOf(events[failed]!.json as JsonObject);
    return failed === 0 ? undefined : Frame.ofEvents(events.slice(0, failed));
  }

  #note({ type, response }: JsonObject): void {
    if (!isObject(response)) return;
    this.#response = response;
    this.#facts.usage = readResponseUsage(response.usage) ?? this.#facts.usage;
    if (RESPONSE_ENDS.has(type)) this.#facts.finished = true;
  }
}

/** A server that only ever announces must not fill our memory. */
const MAX_OPENING = 1000;
const BLANK_LINE = Buffer.from("\n\n");
const bytesOf = ({ bytes }: Frame): Uint8Array => bytes;

function push(splitter: EventSplitter, chunk: Uint8Array): Uint8Array | undefined {
  try {
    return splitter.push(chunk);
  } catch (error) {
    if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
    throw error;
  }
}

/**
 * Inside a string quotes are escaped: these can only be JSON's own. The events that end a stream hold a response or an error,
 * and hardly any other does: most are deltas.
 */
const RESPONSE = Buffer.from('"response"');
const ERROR = Buffer.from('"error"');

function mayEnd(bytes: Uint8Array): boolean {
  return (bytes as Buffer).indexOf(RESPONSE) !== -1 || (bytes as Buffer).indexOf(ERROR) !== -1;
}

const ANNOUNCEMENTS: ReadonlySet<unknown> = new Set(["response.created", "response.queued", "response.in_progress"]);

function announces(json: unknown): boolean {
  return isObject(json) && ANNOUNCEMENTS.has(json.type);
}

function isFailure({ event, json }: SseEvent): boolean {
  if (!isObject(json)) return false;
  return event === "error" || json.type === "error" || json.type === "response.failed" || isObject(json.error);
}

/** Documented flat, sent with an object inside, or inside the response that failed. */
function failureOf({ error, response, ...flat }: JsonObject): GatewayError {
  if (isObject(error)) return decodeResponseError(error);
  if (isObject(response)) return decodeResponseError(isObject(response.error) ? response.error : {});
  return decodeResponseError(flat);
}
