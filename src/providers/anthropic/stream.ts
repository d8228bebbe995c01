import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { sseEvents } from "../../protocol/sse.ts";
import { ChatChunks, type ChunkOptions, type Frames, NO_FRAMES } from "../chat/chunks.ts";
import { eventFrames } from "../chat/event-frames.ts";
import { thinkingBlock } from "./answer.ts";
import { sourcesOf } from "./citations.ts";
import { embeddedError } from "./error.ts";
import { JSON_TOOL } from "./json-tool.ts";
import { finishReasonOf, serviceTierOf, stopDetailsOf, usageOf } from "./usage.ts";

/**
 * Anthropic's events as OpenAI's chunks, one frame each. Throws the error an event holds, and `upstream_closed` when the
 * stream ends before `message_stop`; what comes after that is read and ignored, so that the connection can serve again.
 */
export function decodeEvents(bytes: AsyncIterable<Uint8Array>, options: ChunkOptions): AsyncGenerator<Frame, void> {
  const answer = new StreamedAnswer(options);
  return eventFrames(sseEvents(bytes), options.facts, (event) => answer.read(event));
}

/** A content block whose end has not come. */
type OpenBlock =
  | { readonly kind: "text"; readonly start: number; readonly citations: unknown[] }
  | { readonly kind: "tool"; readonly index: number; readonly input: unknown; argued: boolean }
  /** The tool whose input is the answer's content. */
  | { readonly kind: "json"; readonly input: unknown; argued: boolean }
  | { readonly kind: "thinking"; thinking: string; signature: string };

interface Lists {
  readonly thinking_blocks: JsonObject[];
  readonly annotations: JsonObject[];
  readonly citations: JsonObject[];
}

/** What has been said so far, as far as later events refer to it. */
class StreamedAnswer {
  readonly #facts: StreamFacts;
  readonly #chunks: ChatChunks;
  readonly #open = new Map<unknown, OpenBlock>();
  #textLength = 0;
  #toolCalls = 0;
  #jsonAnswered = false;
  readonly #lists: Lists = { thinking_blocks: [], annotations: [], citations: [] };
  #usage: JsonObject = {};
  #end: JsonObject = {};

  constructor(options: ChunkOptions) {
    this.#facts = options.facts;
    this.#chunks = new ChatChunks(options);
  }

  read(event: JsonObject): Frames {
    switch (event.type) {
      case "content_block_delta":
        return isObject(event.delta) ? this.#delta(event.delta, event.index) : NO_FRAMES;
      case "message_start":
        return isObject(event.message) ? this.#start(event.message) : NO_FRAMES;
      case "content_block_start":
        return isObject(event.content_block) ? this.#openBlock(event.content_block, event.index) : NO_FRAMES;
      case "content_block_stop":
        return this.#closeBlock(event.index);
      case "message_delta":
        this.#end = { ...this.#end, ...toldIn(event.delta) };
        this.#count(event.usage);
        return NO_FRAMES;
      case "message_stop":
        return this.#stop();
      case "error":
        throw embeddedError(event) ?? new GatewayError("upstream_error", "The provider failed.");
      default: {
        // `ping`, and events that do not exist yet. Some servers send an error without saying that it is one.
        const error = embeddedError(event);
        if (error) throw error;
        return NO_FRAMES;
      }
    }
  }

  #start({ id, model, usage, content }: JsonObject): Frames {
    if (this.#chunks.named) return NO_FRAMES;
    this.#chunks.name(id, model);
    this.#count(usage);
    // An answer that goes on from an earlier one may begin with blocks that are already whole.
    if (!Array.isArray(content)) return NO_FRAMES;
    return content.filter(isObject).flatMap((block, at) => {
      const key = `start ${at}`;
      return [...this.#openBlock(block, key), ...this.#closeBlock(key)];
    });
  }

  /** Counters grow: the last number of each kind is the sum. */
  #count(usage: unknown): void {
    this.#usage = { ...this.#usage, ...toldIn(usage) };
    this.#facts.usage = usageOf(this.#usage);
  }

  #openBlock(block: JsonObject, key: unknown): Frames {
    switch (block.type) {
      case "text":
        this.#open.set(key, { kind: "text", start: this.#textLength, citations: listOf(block.citations) });
        return this.#chunks.begin(this.#text(block.text));
      case "thinking":
        this.#open.set(key, { kind: "thinking", thinking: "", signature: String(block.signature ?? "") });
        return this.#chunks.begin(this.#thought(block.thinking, key));
      case "tool_use": {
        if (block.name === JSON_TOOL) {
          this.#jsonAnswered = true;
          this.#open.set(key, { kind: "json", input: block.input, argued: false });
          return this.#chunks.begin();
        }
        const index = this.#toolCalls++;
        this.#open.set(key, { kind: "tool", index, input: block.input, argued: false });
        return this.#chunks.begin([this.#chunks.toolCall(index, { id: block.id, name: block.name })]);
      }
      case "redacted_thinking":
        this.#lists.thinking_blocks.push(block);
        return this.#chunks.begin();
      default:
        // Server tools and their results are not the client's.
        return this.#chunks.begin();
    }
  }

  #delta(delta: JsonObject, key: unknown): Frames {
    switch (delta.type) {
      case "text_delta":
        return this.#chunks.begin(this.#text(delta.text));
      case "input_json_delta":
        return this.#input(delta.partial_json, key);
      case "thinking_delta":
        return this.#chunks.begin(this.#thought(delta.thinking, key));
      case "signature_delta": {
        const block = this.#open.get(key);
        if (block?.kind === "thinking") block.signature += String(delta.signature ?? "");
        return NO_FRAMES;
      }
      case "citations_delta": {
        const block = this.#open.get(key);
        if (block?.kind === "text") block.citations.push(delta.citation);
        return NO_FRAMES;
      }
      default:
        return NO_FRAMES;
    }
  }

  #text(text: unknown): Frames {
    if (typeof text !== "string" || text === "") return NO_FRAMES;
    this.#textLength += text.length;
    return [this.#chunks.text(text)];
  }

  #thought(text: unknown, key: unknown): Frames {
    if (typeof text !== "string" || text === "") return NO_FRAMES;
    const block = this.#open.get(key);
    if (block?.kind === "thinking") block.thinking += text;
    return [this.#chunks.reasoning(text)];
  }

  #input(text: unknown, key: unknown): Frames {
    const block = this.#open.get(key);
    if ((block?.kind !== "tool" && block?.kind !== "json") || typeof text !== "string" || text === "") return NO_FRAMES;
    block.argued = true;
    if (block.kind === "json") return this.#text(text);
    return [this.#chunks.toolArguments(block.index, text)];
  }

  /** What can only be told when a block is whole. */
  #closeBlock(key: unknown): Frames {
    const block = this.#open.get(key);
    if (!block) return NO_FRAMES;
    this.#open.delete(key);
    switch (block.kind) {
      case "tool":
        return block.argued ? NO_FRAMES : [this.#chunks.toolArguments(block.index, JSON.stringify(block.input ?? {}))];
      case "json":
        return block.argued ? NO_FRAMES : this.#text(JSON.stringify(block.input ?? {}));
      case "thinking":
        this.#lists.thinking_blocks.push({ type: "thinking", ...block });
        return NO_FRAMES;
      case "text": {
        const sources = sourcesOf(block.citations, { start: block.start, end: this.#textLength });
        this.#lists.annotations.push(...sources.annotations);
        this.#lists.citations.push(...sources.citations);
        return NO_FRAMES;
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
    return told.length > 0 ? [this.#chunks.delta(Object.fromEntries(told))] : NO_FRAMES;
  }

  #stop(): Frames {
    const rest = [...this.#open.keys()].flatMap((key) => this.#closeBlock(key));
    const { stop_reason, stop_details } = this.#end;
    const answered = this.#jsonAnswered && this.#toolCalls === 0 && stop_reason === "tool_use";
    const reason = finishReasonOf(answered ? "end_turn" : stop_reason, this.#toolCalls > 0);
    const more = { choice: stopDetailsOf(stop_details), chunk: serviceTierOf(this.#usage) };
    return [...this.#chunks.begin(rest), ...this.#told(), ...this.#chunks.end(reason, more)];
  }
}

/** Members that say something: later events leave what they do not repeat null. */
function toldIn(value: unknown): JsonObject {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, told]) => told !== null)) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [];
}
