import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { EventSplitter, SseError, type SseEvent } from "../../protocol/sse.ts";
import { notJson, streamEndedEarly } from "../chat/event-frames.ts";
import { argumentsOf, finishReasonOf, hasId, newToolId, saidIn, usageOf } from "./answer.ts";
import { decodeMistralError, embeddedError } from "./error.ts";
import { mapped } from "./fields.ts";

export interface EventOptions {
  readonly facts: StreamFacts;
  /** The client asked for the chunk with usage. */
  readonly includeUsage: boolean;
}

/** Mistral's chunks, byte by byte as they came unless something in them is not OpenAI's. */
export async function* decodeEvents(
  bytes: AsyncIterable<Uint8Array>,
  options: EventOptions,
): AsyncGenerator<Frame, void> {
  const { facts } = options;
  const splitter = new EventSplitter();
  const answer = new StreamedAnswer(options);
  try {
    for await (const chunk of bytes) {
      const whole = splitter.push(chunk);
      if (whole && !facts.finished) yield* answer.read(Frame.ofBytes(whole));
    }
  } catch (error) {
    if (facts.finished) return;
    if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
    throw error;
  }
  if (!facts.finished) yield* answer.end(splitter.flush());
}

/** Tool calls of one choice: by the index the provider gives them, which some models repeat, and the next of our own. */
interface Calls {
  readonly open: Map<number, { readonly id: unknown; readonly index: number }>;
  next: number;
}

/** What has been said so far, as far as later chunks refer to it. */
class StreamedAnswer {
  readonly #facts: StreamFacts;
  readonly #includeUsage: boolean;
  /** By choice. */
  readonly #calls = new Map<unknown, Calls>();
  /** Choices that have said something. */
  readonly #begun = new Set<unknown>();
  #ended = false;
  /** What came before the first choice; undefined from then on. */
  #opening: Frame[] | undefined = [];
  #usageChunk: SseEvent | undefined;

  constructor({ facts, includeUsage }: EventOptions) {
    this.#facts = facts;
    this.#includeUsage = includeUsage;
  }

  /** An error that is not the first event comes after the frames before it. */
  *read(frame: Frame): Generator<Frame, void> {
    const events: SseEvent[] = [];
    let failure: unknown;
    for (const event of frame.events) {
      try {
        events.push(...this.#event(event));
      } catch (error) {
        failure = error;
        break;
      }
    }
    const same = events.length === frame.events.length && events.every((event, at) => event === frame.events[at]);
    if (same || events.length > 0) yield* this.#begin(same ? frame : Frame.ofEvents(events));
    if (failure) throw failure;
  }

  /** Comments and chunks without a choice promise nothing: as long as only they have come, another target can still be asked. */
  *#begin(frame: Frame): Generator<Frame, void> {
    if (!this.#opening) return yield frame;
    this.#opening.push(frame);
    if (!frame.events.some(saysSomething) && this.#opening.length < MAX_OPENING_FRAMES) return;
    const opening = this.#opening;
    this.#opening = undefined;
    yield* opening;
  }

  /** An event without its blank line, an error without `data:`, a missing `[DONE]`. */
  *end(rest: Uint8Array | undefined): Generator<Frame, void> {
    if (rest) {
      const text = Buffer.from(rest).toString().trim();
      if (text.startsWith("{")) throw decodeMistralError(200, text, {});
      const last = Frame.ofBytes(rest).events;
      if (last.every(({ json, data }) => json !== undefined || data === "[DONE]")) {
        yield* this.read(Frame.ofEvents(last));
      }
    }
    if (this.#facts.finished) return;
    if (!this.#ended) throw streamEndedEarly();
    yield* this.#close();
  }

  *#close(): Generator<Frame, void> {
    this.#facts.finished = true;
    if (this.#usageChunk) yield Frame.ofEvents([this.#usageChunk]);
    yield Frame.DONE;
  }

  #event(event: SseEvent): readonly SseEvent[] {
    if (event.data === "[DONE]") {
      this.#facts.finished = true;
      return this.#usageChunk ? [this.#usageChunk, event] : [event];
    }
    const { json } = event;
    if (!isObject(json)) throw notJson();
    if (!Array.isArray(json.choices)) {
      const error = event.event === "error" ? decodeMistralError(200, event.data, {}) : embeddedError(json);
      if (error) throw error;
      return [event];
    }
    const chunk = this.#chunk(json, json.choices);
    return [chunk === json ? event : { event: event.event, data: JSON.stringify(chunk), json: chunk }];
  }

  #chunk(chunk: JsonObject, given: readonly unknown[]): JsonObject {
    const choices = mapped(given, (choice) => (isObject(choice) ? this.#choice(choice) : choice));
    const usage = usageOf(chunk.usage);
    if (usage) this.#facts.usage = usage;
    const apart = usage !== undefined && this.#includeUsage && choices.length > 0;
    if (!apart) return choices === given ? chunk : { ...chunk, choices };
    // OpenAI's clients look for usage in a chunk of its own, and some add up what they find.
    const { usage: counted, p: _, ...rest } = chunk;
    const whole = { ...rest, choices: [], usage: counted };
    this.#usageChunk = { event: undefined, data: JSON.stringify(whole), json: whole };
    return { ...rest, choices };
  }

  #choice(choice: JsonObject): JsonObject {
    const finish_reason = finishReasonOf(choice.finish_reason);
    if (finish_reason) this.#ended = true;
    const delta = isObject(choice.delta) ? this.#delta(choice.delta, choice.index) : choice.delta;
    return delta === choice.delta && finish_reason === choice.finish_reason
      ? choice
      : { ...choice, delta, finish_reason };
  }

  #delta(given: JsonObject, choice: unknown): JsonObject {
    const delta = this.#withRole(given, choice);
    const spoken = Array.isArray(delta.content) ? { ...delta, ...saidIn(delta.content) } : delta;
    if (!Array.isArray(delta.tool_calls)) return spoken;
    const calls = mapped(delta.tool_calls, (call: unknown, at) =>
      isObject(call) ? this.#call(call, { at, choice }) : call,
    );
    return calls === delta.tool_calls ? spoken : { ...spoken, tool_calls: calls };
  }

  /** OpenAI's client for Node fails over an answer whose first delta does not say whose it is, as some models' do not. */
  #withRole(delta: JsonObject, choice: unknown): JsonObject {
    if (this.#begun.has(choice)) return delta;
    this.#begun.add(choice);
    return delta.role ? delta : { ...delta, role: "assistant" };
  }

  /** The first delta of a call brings its id and name; clients that append would double what later ones repeat. */
  #call(call: JsonObject, { at, choice }: { at: number; choice: unknown }): JsonObject {
    const told = typeof call.index === "number" ? call.index : at;
    const { name, arguments: given } = isObject(call.function) ? call.function : {};
    const text = given === undefined ? "" : argumentsOf(given);
    const calls = this.#callsOf(choice);
    const open = calls.open.get(told);
    if (open && (!hasId(call) || call.id === open.id)) return { index: open.index, function: { arguments: text } };
    const id = hasId(call) ? call.id : newToolId();
    const index = Math.max(told, calls.next);
    calls.open.set(told, { id, index });
    calls.next = index + 1;
    const isWhole = hasId(call) && call.type === "function" && call.index === index && given === text;
    return isWhole ? call : { index, id, type: "function", function: { name, arguments: text } };
  }

  #callsOf(choice: unknown): Calls {
    const calls = this.#calls.get(choice) ?? { open: new Map(), next: 0 };
    this.#calls.set(choice, calls);
    return calls;
  }
}

function saysSomething({ json, data }: SseEvent): boolean {
  return data === "[DONE]" || (isObject(json) && Array.isArray(json.choices) && json.choices.length > 0);
}

/** A server that only ever sends keep-alives must not fill our memory with them. */
const MAX_OPENING_FRAMES = 1000;
