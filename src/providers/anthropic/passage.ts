import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { EventSplitter, SseError, type SseEvent } from "../../protocol/sse.ts";
import { decodeAnthropicError, embeddedError } from "./error.ts";
import { usageOf } from "./usage.ts";

/**
 * Anthropic's events for clients that read them: the bytes as they came, in runs of whole events. Only events that tell
 * usage, the end or an error are read. Nothing is handed on before the first block of content, so that until then another
 * target can be asked. Throws the error an event holds, and `upstream_closed` when the stream ends before `message_stop`.
 */
export async function* passEvents(bytes: AsyncIterable<Uint8Array>, facts: StreamFacts): AsyncGenerator<Frame, void> {
  const passage = new Passage(facts);
  const splitter = new EventSplitter();
  try {
    for await (const chunk of bytes) {
      const whole = splitter.push(chunk);
      const frame = whole && passage.take(whole);
      if (frame) yield frame;
      if (passage.failure) throw passage.failure;
    }
  } catch (error) {
    // Whatever happens after the answer's end is no longer the client's affair.
    if (facts.finished) return;
    if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
    throw error;
  }
  const rest = splitter.flush();
  const frame = rest && passage.takeLast(rest);
  if (frame) yield frame;
  if (passage.failure) throw passage.failure;
  if (!facts.finished) throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
}

class Passage {
  /** Set when the provider's error was found; what came before it is still to be handed on. */
  failure: GatewayError | undefined;
  readonly #facts: StreamFacts;
  #opening: Uint8Array[] | undefined = [];
  #usage: JsonObject = {};

  constructor(facts: StreamFacts) {
    this.#facts = facts;
  }

  take(whole: Uint8Array): Frame | undefined {
    const frame = Frame.ofBytes(whole);
    if (this.#opening) return this.#open(frame, this.#opening);
    return TELLING.some((word) => contains(whole, word)) ? this.#read(frame) : frame;
  }

  /** An event that never got its blank line counts only if nothing of it is missing; a bare error has no `data:`. */
  takeLast(rest: Uint8Array): Frame | undefined {
    if (this.#facts.finished) return Frame.ofBytes(rest);
    const bare = tryParse(Buffer.from(rest).toString());
    if (isObject(bare)) this.failure = decodeAnthropicError(200, JSON.stringify(bare), {});
    const frame = Frame.ofBytes(Buffer.concat([rest, BLANK_LINE]));
    const isWhole = frame.events.length > 0 && frame.events.every(({ json }) => json !== undefined);
    return isWhole ? this.take(frame.bytes) : undefined;
  }

  /** `message_start` and pings promise nothing yet. */
  #open(frame: Frame, opening: Uint8Array[]): Frame | undefined {
    const shown = this.#read(frame);
    if (shown) opening.push(shown.bytes);
    if (this.failure) return undefined;
    if (!frame.events.some(saysSomething) && opening.length < MAX_OPENING_RUNS) return undefined;
    this.#opening = undefined;
    return opening.length === 1 ? shown : Frame.ofBytes(Buffer.concat(opening));
  }

  /** The frame, or what of it stands before an error. */
  #read(frame: Frame): Frame | undefined {
    for (const [at, { json, event, data }] of frame.events.entries()) {
      if (!isObject(json)) continue;
      if (json.type === "message_start" && isObject(json.message)) this.#count(json.message.usage);
      if (json.type === "message_delta") this.#count(json.usage);
      if (json.type === "message_stop") this.#facts.finished = true;
      if (event !== "error" && json.type !== "error" && !isObject(json.error)) continue;
      this.failure = failureIn(json, data);
      return at > 0 ? Frame.ofEvents(frame.events.slice(0, at)) : undefined;
    }
    return frame;
  }

  /** Counters grow: the last number of each kind is the sum. */
  #count(usage: unknown): void {
    const told = isObject(usage) ? Object.entries(usage).filter(([, value]) => value !== null) : [];
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
    this.#facts.usage = usageOf(this.#usage);
  }
}

/** What every event that has to be read holds. */
const TELLING = [Buffer.from('"message_'), Buffer.from("error")];
const BLANK_LINE = Buffer.from("\n\n");
/** A server that only ever sends pings must not fill our memory with them. */
const MAX_OPENING_RUNS = 1000;

function contains(bytes: Uint8Array, what: Buffer): boolean {
  return (bytes as Buffer).indexOf(what) !== -1;
}

function saysSomething({ json }: SseEvent): boolean {
  return isObject(json) && json.type !== "message_start" && json.type !== "ping";
}

/** What the provider says about our account there, or with something in it that looks like a key, is told in our own words. */
function failureIn(json: JsonObject, data: string): GatewayError {
  const error = embeddedError(json) ?? new GatewayError("upstream_error", "The provider failed.");
  if (ABOUT_OUR_ACCOUNT.has(error.code) || clientText(data) !== data) return error;
  return error.with({ event: `event: error\ndata: ${data}\n\n` });
}

const ABOUT_OUR_ACCOUNT: ReadonlySet<string> = new Set(["upstream_auth", "upstream_quota", "upstream_rate_limited"]);
