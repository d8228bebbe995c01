import type { StreamFacts } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { sseEvents } from "../../protocol/sse.ts";
import { ChatChunks, type ChunkOptions, type Frames, NO_FRAMES } from "../chat/chunks.ts";
import { eventFrames } from "../chat/event-frames.ts";
import { sourcesOf } from "./citations.ts";
import { embeddedError } from "./error.ts";
import { logprobsOf } from "./logprobs.ts";
import { billedOf, finishReasonOf, usageOf } from "./usage.ts";

/** Cohere's events as OpenAI's chunks. Throws the error an event holds. */
export function decodeEvents(bytes: AsyncIterable<Uint8Array>, options: ChunkOptions): AsyncGenerator<Frame, void> {
  const answer = new StreamedAnswer(options);
  return eventFrames(sseEvents(bytes), options.facts, (event) => answer.read(event));
}

/** What has been said so far, as far as later events refer to it. */
class StreamedAnswer {
  readonly #facts: StreamFacts;
  readonly #chunks: ChatChunks;
  /** By Cohere's index: ours, and whether any arguments have come. */
  readonly #calls = new Map<unknown, { readonly index: number; argued: boolean }>();
  readonly #citations: JsonObject[] = [];

  constructor(options: ChunkOptions) {
    this.#facts = options.facts;
    this.#chunks = new ChatChunks(options);
  }

  read(event: JsonObject): Frames {
    const { message = {} } = isObject(event.delta) ? event.delta : {};
    const told = isObject(message) ? message : {};
    switch (event.type) {
      case "content-delta":
      case "content-start":
        return this.#content(told.content, event.logprobs);
      case "tool-plan-delta":
        return this.#toolPlan(told.tool_plan);
      case "tool-call-start":
        return this.#openCall(oneOf(told.tool_calls), event.index);
      case "tool-call-delta":
        return this.#arguments(oneOf(told.tool_calls), event.index);
      case "tool-call-end":
        return this.#closeCall(event.index);
      case "citation-start":
        this.#citations.push(...listOf(told.citations));
        return NO_FRAMES;
      case "message-start":
        if (!this.#chunks.named) this.#chunks.name(event.id, undefined);
        return NO_FRAMES;
      case "message-end":
        return this.#end(isObject(event.delta) ? event.delta : {});
      default: {
        // Events that do not exist yet, and errors, which have no type.
        const error = embeddedError(event);
        if (error) throw error;
        return NO_FRAMES;
      }
    }
  }

  #content(content: unknown, logprobs: unknown): Frames {
    const { text, thinking } = oneOf(content);
    const frames: Frame[] = [];
    if (typeof thinking === "string" && thinking !== "") frames.push(this.#chunks.reasoning(thinking));
    if (typeof text === "string" && text !== "") frames.push(this.#text(text, logprobsOf(logprobs)));
    return frames.length > 0 ? this.#chunks.begin(frames) : NO_FRAMES;
  }

  #text(text: string, logprobs: JsonObject | null): Frame {
    return logprobs ? this.#chunks.choice({ content: text }, { logprobs }) : this.#chunks.text(text);
  }

  #toolPlan(text: unknown): Frames {
    if (typeof text !== "string" || text === "") return NO_FRAMES;
    return this.#chunks.begin([this.#chunks.delta({ tool_plan: text })]);
  }

  #openCall({ id, function: called }: JsonObject, key: unknown): Frames {
    const { name, arguments: text } = isObject(called) ? called : {};
    const begun = typeof text === "string" ? text : "";
    const index = this.#calls.size;
    this.#calls.set(key, { index, argued: begun !== "" });
    return this.#chunks.begin([this.#chunks.toolCall(index, { id, name, text: begun })]);
  }

  #arguments({ function: called }: JsonObject, key: unknown): Frames {
    const call = this.#calls.get(key);
    const text = isObject(called) ? called.arguments : undefined;
    if (!call || typeof text !== "string" || text === "") return NO_FRAMES;
    call.argued = true;
    return [this.#chunks.toolArguments(call.index, text)];
  }

  /** A call without arguments has none; OpenAI's clients parse what stands there. */
  #closeCall(key: unknown): Frames {
    const call = this.#calls.get(key);
    if (!call || call.argued) return NO_FRAMES;
    call.argued = true;
    return [this.#chunks.toolArguments(call.index, "{}")];
  }

  /** Everything that is a list comes in one delta: of several, OpenAI's client for Node would keep the last one. */
  #end({ finish_reason, usage, error }: JsonObject): Frames {
    this.#facts.usage = usageOf(usage);
    const reason = finishReasonOf(finish_reason, this.#calls.size > 0, error);
    const rest = [...this.#calls.keys()].flatMap((key) => this.#closeCall(key));
    const sources = sourcesOf(this.#citations);
    const told = sources.citations ? [this.#chunks.delta({ ...sources })] : NO_FRAMES;
    return [...this.#chunks.begin(rest), ...told, ...this.#chunks.end(reason, { usage: billedOf(usage) })];
  }
}

/** Cohere has an object where a whole answer has a list of one. */
function oneOf(value: unknown): JsonObject {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isObject(one) ? one : {};
}

function listOf(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}
