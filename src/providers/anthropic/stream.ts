import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { writeUsage } from "../../protocol/openai.ts";
import { SseError, sseEvents } from "../../protocol/sse.ts";
import { thinkingBlock } from "./answer.ts";
import { sourcesOf } from "./citations.ts";
import { embeddedError } from "./error.ts";
import { finishReasonOf, serviceTierOf, stopDetailsOf, usageOf } from "./usage.ts";

export interface EventOptions {
  /** Seconds since 1970. */
  readonly created: number;
  /** For servers that do not name the model. */
  readonly model: string;
  /** The client asked for the chunk with usage. */
  readonly includeUsage: boolean;
  readonly facts: StreamFacts;
}

/**
 * Anthropic's events as OpenAI's chunks, one frame each. Throws the error an event holds, and `upstream_closed` when the
 * stream ends before `message_stop`; what comes after that is read and ignored, so that the connection can serve again.
 */
export async function* decodeEvents(
  bytes: AsyncIterable<Uint8Array>,
  options: EventOptions,
): AsyncGenerator<Frame, void> {
  const { facts } = options;
  const answer = new StreamedAnswer(options);
  let unreadable = false;
  try {
    for await (const { data, json } of sseEvents(bytes)) {
      if (facts.finished) continue;
      if (unreadable) throw notJson();
      // The last one may have been cut off: that is for the end of the stream to tell.
      if (!isObject(json)) unreadable = data !== "[DONE]";
      else for (const frame of answer.read(json)) yield frame;
    }
  } catch (error) {
    if (facts.finished) return;
    if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
    throw error;
  }
  if (!facts.finished) throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
}

function notJson(): GatewayError {
  return new GatewayError("upstream_invalid_response", "The provider sent an event that is not JSON.");
}

/** A content block whose end has not come. */
type OpenBlock =
  | { readonly kind: "text"; readonly start: number; readonly citations: unknown[] }
  | { readonly kind: "tool"; readonly index: number; readonly input: unknown; argued: boolean }
  | { readonly kind: "thinking"; thinking: string; signature: string };

interface Lists {
  readonly thinking_blocks: JsonObject[];
  readonly annotations: JsonObject[];
  readonly citations: JsonObject[];
}

type Frames = readonly Frame[];
const NONE: Frames = [];

/** What has been said so far, as far as later events refer to it. */
class StreamedAnswer {
  readonly #options: EventOptions;
  readonly #open = new Map<unknown, OpenBlock>();
  /** Everything of a chunk up to its delta: the same in all of them, written once. */
  #head: string | undefined;
  #begun = false;
  #textLength = 0;
  #toolCalls = 0;
  readonly #lists: Lists = { thinking_blocks: [], annotations: [], citations: [] };
  #usage: JsonObject = {};
  #end: JsonObject = {};

  constructor(options: EventOptions) {
    this.#options = options;
  }

  read(event: JsonObject): Frames {
    switch (event.type) {
      case "content_block_delta":
        return isObject(event.delta) ? this.#delta(event.delta, event.index) : NONE;
      case "message_start":
        return isObject(event.message) ? this.#start(event.message) : NONE;
      case "content_block_start":
        return isObject(event.content_block) ? this.#openBlock(event.content_block, event.index) : NONE;
      case "content_block_stop":
        return this.#closeBlock(event.index);
      case "message_delta":
        this.#end = { ...this.#end, ...toldIn(event.delta) };
        this.#count(event.usage);
        return NONE;
      case "message_stop":
        return this.#stop();
      case "error":
        throw embeddedError(event) ?? new GatewayError("upstream_error", "The provider failed.");
      default: {
        // `ping`, and events that do not exist yet. Some servers send an error without saying that it is one.
        const error = embeddedError(event);
        if (error) throw error;
        return NONE;
      }
    }
  }

  #start({ id, model, usage, content }: JsonObject): Frames {
    if (this.#head !== undefined) return NONE;
    this.#writeHead(id, model);
    this.#count(usage);
    // An answer that goes on from an earlier one may begin with blocks that are already whole.
    if (!Array.isArray(content)) return NONE;
    return content.filter(isObject).flatMap((block, at) => {
      const key = `start ${at}`;
      return [...this.#openBlock(block, key), ...this.#closeBlock(key)];
    });
  }

  #writeHead(id: unknown, model: unknown): string {
    const { created, model: asked } = this.#options;
    const answer = { id: id ?? `msg_${created}`, object: "chat.completion.chunk", created, model: model ?? asked };
    this.#head = JSON.stringify(answer).slice(0, -1);
    return this.#head;
  }

  /** Counters grow: the last number of each kind is the sum. */
  #count(usage: unknown): void {
    this.#usage = { ...this.#usage, ...toldIn(usage) };
    this.#options.facts.usage = usageOf(this.#usage);
  }

  #openBlock(block: JsonObject, key: unknown): Frames {
    switch (block.type) {
      case "text":
        this.#open.set(key, { kind: "text", start: this.#textLength, citations: listOf(block.citations) });
        return this.#begin(this.#text(block.text));
      case "thinking":
        this.#open.set(key, { kind: "thinking", thinking: "", signature: String(block.signature ?? "") });
        return this.#begin(this.#thought(block.thinking, key));
      case "tool_use": {
        const index = this.#toolCalls++;
        this.#open.set(key, { kind: "tool", index, input: block.input, argued: false });
        const call = { index, id: block.id, type: "function", function: { name: block.name, arguments: "" } };
        return this.#begin([this.#chunk({ tool_calls: [call] })]);
      }
      case "redacted_thinking":
        this.#lists.thinking_blocks.push(block);
        return this.#begin(NONE);
      default:
        // Server tools and their results are not the client's.
        return this.#begin(NONE);
    }
  }

  #delta(delta: JsonObject, key: unknown): Frames {
    switch (delta.type) {
      case "text_delta":
        return this.#begin(this.#text(delta.text));
      case "input_json_delta":
        return this.#input(delta.partial_json, key);
      case "thinking_delta":
        return this.#begin(this.#thought(delta.thinking, key));
      case "signature_delta": {
        const block = this.#open.get(key);
        if (block?.kind === "thinking") block.signature += String(delta.signature ?? "");
        return NONE;
      }
      case "citations_delta": {
        const block = this.#open.get(key);
        if (block?.kind === "text") block.citations.push(delta.citation);
        return NONE;
      }
      default:
        return NONE;
    }
  }

  /** The role comes first; it is held back until there is something to say, while another target can still be asked. */
  #begin(frames: Frames): Frames {
    if (this.#begun) return frames;
    this.#begun = true;
    return [this.#chunk({ role: "assistant", content: "", refusal: null }), ...frames];
  }

  #text(text: unknown): Frames {
    if (typeof text !== "string" || text === "") return NONE;
    this.#textLength += text.length;
    return [this.#written(`{"content":${JSON.stringify(text)}}`)];
  }

  #thought(text: unknown, key: unknown): Frames {
    if (typeof text !== "string" || text === "") return NONE;
    const block = this.#open.get(key);
    if (block?.kind === "thinking") block.thinking += text;
    return [this.#written(`{"reasoning_content":${JSON.stringify(text)}}`)];
  }

  #input(text: unknown, key: unknown): Frames {
    const block = this.#open.get(key);
    if (block?.kind !== "tool" || typeof text !== "string" || text === "") return NONE;
    block.argued = true;
    return [this.#arguments(block.index, text)];
  }

  #arguments(index: number, text: string): Frame {
    return this.#written(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(text)}}}]}`);
  }

  /** What can only be told when a block is whole. */
  #closeBlock(key: unknown): Frames {
    const block = this.#open.get(key);
    if (!block) return NONE;
    this.#open.delete(key);
    switch (block.kind) {
      case "tool":
        return block.argued ? NONE : [this.#arguments(block.index, JSON.stringify(block.input ?? {}))];
      case "thinking":
        this.#lists.thinking_blocks.push({ type: "thinking", ...block });
        return NONE;
      case "text": {
        const sources = sourcesOf(block.citations, { start: block.start, end: this.#textLength });
        this.#lists.annotations.push(...sources.annotations);
        this.#lists.citations.push(...sources.citations);
        return NONE;
      }
    }
  }

  /**
   * Everything that is a list, in one delta at the end: of several, OpenAI's client for Node would keep the last one
   * and its client for Python would fail.
   */
  #told(): Frames {
    const { thinking_blocks, ...sources } = this.#lists;
    const lists = { thinking_blocks: thinking_blocks.map(thinkingBlock), ...sources };
    const told = Object.entries(lists).filter(([, list]) => list.length > 0);
    return told.length > 0 ? [this.#chunk(Object.fromEntries(told))] : NONE;
  }

  #stop(): Frames {
    const { facts, includeUsage } = this.#options;
    const rest = [...this.#open.keys()].flatMap((key) => this.#closeBlock(key));
    facts.finished = true;
    const usage = includeUsage && facts.usage ? [this.#usageChunk(writeUsage(facts.usage))] : [];
    return [...this.#begin(rest), ...this.#told(), this.#finish(), ...usage, Frame.DONE];
  }

  #finish(): Frame {
    const { stop_reason, stop_details } = this.#end;
    const finish_reason = finishReasonOf(stop_reason, this.#toolCalls > 0);
    const choice = { index: 0, delta: {}, finish_reason, ...stopDetailsOf(stop_details) };
    return this.#whole({ choices: [choice], ...serviceTierOf(this.#usage) });
  }

  #usageChunk(usage: JsonObject): Frame {
    return this.#whole({ choices: [], usage });
  }

  #chunk(delta: JsonObject): Frame {
    return this.#written(JSON.stringify(delta));
  }

  #written(delta: string): Frame {
    return Frame.ofData(
      `${this.#head ?? this.#writeHead(undefined, undefined)},"choices":[{"index":0,"delta":${delta},"finish_reason":null}]}`,
    );
  }

  /** A chunk with more to it than a delta. */
  #whole(rest: JsonObject): Frame {
    const head = this.#head ?? this.#writeHead(undefined, undefined);
    return Frame.ofData(`${head},${JSON.stringify(rest).slice(1)}`);
  }
}

/** Members that say something: later events leave what they do not repeat null. */
function toldIn(value: unknown): JsonObject {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, told]) => told !== null)) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [];
}
