import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { JSON_TOOL } from "../anthropic/json-tool.ts";
import { ChatChunks, type ChunkOptions, type Frames, NO_FRAMES } from "../chat/chunks.ts";
import { SERVER_TOOL, thinkingBlock } from "./answer.ts";
import { sourcesOf } from "./citations.ts";
import { errorIn } from "./error.ts";
import { eventMessages } from "./event-stream.ts";
import { besides, finishReasonOf, usageOf } from "./usage.ts";

export interface ConverseStreamOptions extends ChunkOptions {
  /** Converse tells it only in a header. */
  readonly id: string;
  /** Calls of the answer's tool are the answer itself. */
  readonly answerTool: boolean;
}

/**
 * ConverseStream's events as OpenAI's chunks, one frame each. Throws the error a message holds, and `upstream_closed` when
 * the stream ends before `messageStop`; usage comes after that, in `metadata`, which ends the answer.
 */
export async function* decodeConverseStream(
  bytes: AsyncIterable<Uint8Array>,
  options: ConverseStreamOptions,
): AsyncGenerator<Frame, void> {
  const { facts } = options;
  const answer = new StreamedAnswer(options);
  try {
    for await (const message of eventMessages(bytes)) {
      if (facts.finished) continue;
      const error = errorIn(message);
      if (error) throw error;
      const event = tryParse(message.payload.toString());
      if (!isObject(event)) throw notJson();
      for (const frame of answer.read(message.headers[":event-type"], event)) yield frame;
    }
  } catch (error) {
    if (facts.finished) return;
    throw error;
  }
  if (!facts.finished) yield* answer.end({});
}

function notJson(): GatewayError {
  return new GatewayError("upstream_invalid_response", "The provider sent an event that is not JSON.");
}

/** A content block whose end has not come. Only a tool's is announced; the others begin with their first delta. */
type OpenBlock =
  | { readonly kind: "text"; readonly start: number; readonly citations: unknown[] }
  | { readonly kind: "tool"; readonly index: number; argued: boolean }
  | { readonly kind: "answer" }
  | { readonly kind: "thought"; text: string; signature: string; redacted: string | undefined }
  | { readonly kind: "other" };

/** What has been said so far, as far as later events refer to it. */
class StreamedAnswer {
  readonly #facts: StreamFacts;
  readonly #chunks: ChatChunks;
  readonly #answerTool: boolean;
  readonly #open = new Map<unknown, OpenBlock>();
  readonly #lists = {
    thinking_blocks: [] as JsonObject[],
    annotations: [] as JsonObject[],
    citations: [] as JsonObject[],
  };
  #textLength = 0;
  #toolCalls = 0;
  /** Text that waits to be known as an answer: beside a JSON answer it would spoil it. */
  #held = "";
  #answered = false;
  #stop: JsonObject | undefined;

  constructor(options: ConverseStreamOptions) {
    this.#facts = options.facts;
    this.#answerTool = options.answerTool;
    this.#chunks = new ChatChunks(options);
    this.#chunks.name(options.id, options.model);
  }

  read(type: string | undefined, event: JsonObject): Frames {
    const { contentBlockIndex: key } = event;
    switch (type) {
      case "contentBlockDelta":
        return isObject(event.delta) ? this.#delta(event.delta, key) : NO_FRAMES;
      case "contentBlockStart":
        return isObject(event.start) ? this.#start(event.start, key) : NO_FRAMES;
      case "contentBlockStop":
        return this.#close(key);
      case "messageStop":
        this.#stop = event;
        return NO_FRAMES;
      case "metadata":
        return this.end(event);
      default:
        return NO_FRAMES;
    }
  }

  /** `metadata` may be missing where a proxy cuts off; what was said is whole once `messageStop` has come. */
  end(metadata: JsonObject): Frames {
    if (!this.#stop) throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
    const usage = usageOf(metadata.usage);
    if (usage) this.#facts.usage = usage;
    const reason = finishReasonOf(this.#stop.stopReason, this.#toolCalls > 0);
    const rest = [...this.#open.keys()].flatMap((key) => this.#close(key));
    const text = this.#held === "" || this.#answered ? NO_FRAMES : [this.#chunks.text(this.#held)];
    const chunk = besides({ ...metadata, ...this.#stop });
    return [...this.#chunks.begin([...rest, ...text]), ...this.#told(), ...this.#chunks.end(reason, { chunk })];
  }

  #start({ toolUse }: JsonObject, key: unknown): Frames {
    if (!isObject(toolUse) || toolUse.type === SERVER_TOOL) {
      this.#open.set(key, { kind: "other" });
      return NO_FRAMES;
    }
    if (this.#answerTool && toolUse.name === JSON_TOOL) {
      this.#open.set(key, { kind: this.#answered ? "other" : "answer" });
      this.#answered = true;
      return this.#chunks.begin();
    }
    const index = this.#toolCalls++;
    this.#open.set(key, { kind: "tool", index, argued: false });
    return this.#chunks.begin([this.#chunks.toolCall(index, { id: toolUse.toolUseId, name: toolUse.name })]);
  }

  #delta({ text, toolUse, reasoningContent, citation }: JsonObject, key: unknown): Frames {
    if (typeof text === "string") return this.#text(text, key);
    if (isObject(toolUse)) return this.#input(toolUse.input, key);
    if (isObject(reasoningContent)) return this.#thought(reasoningContent, key);
    if (isObject(citation)) this.#textBlock(key)?.citations.push(citation);
    return NO_FRAMES;
  }

  #text(text: string, key: unknown): Frames {
    if (text === "" || !this.#textBlock(key)) return NO_FRAMES;
    this.#textLength += text.length;
    if (this.#answerTool) {
      this.#held += text;
      return NO_FRAMES;
    }
    return this.#chunks.begin([this.#chunks.text(text)]);
  }

  #textBlock(key: unknown): (OpenBlock & { kind: "text" }) | undefined {
    const block = this.#openAs(key, () => ({ kind: "text", start: this.#textLength, citations: [] }));
    return block.kind === "text" ? block : undefined;
  }

  #openAs(key: unknown, make: () => OpenBlock): OpenBlock {
    const known = this.#open.get(key);
    if (known) return known;
    const block = make();
    this.#open.set(key, block);
    return block;
  }

  #thought({ text, signature, redactedContent }: JsonObject, key: unknown): Frames {
    const block = this.#openAs(key, () => ({ kind: "thought", text: "", signature: "", redacted: undefined }));
    if (block.kind !== "thought") return NO_FRAMES;
    if (typeof signature === "string") block.signature += signature;
    if (typeof redactedContent === "string") block.redacted = (block.redacted ?? "") + redactedContent;
    if (typeof text !== "string" || text === "") return NO_FRAMES;
    block.text += text;
    return this.#chunks.begin([this.#chunks.reasoning(text)]);
  }

  #input(text: unknown, key: unknown): Frames {
    const block = this.#open.get(key);
    if (typeof text !== "string" || text === "") return NO_FRAMES;
    if (block?.kind === "answer") return [this.#chunks.text(text)];
    if (block?.kind !== "tool") return NO_FRAMES;
    block.argued = true;
    return [this.#chunks.toolArguments(block.index, text)];
  }

  /** What can only be told when a block is whole. */
  #close(key: unknown): Frames {
    const block = this.#open.get(key);
    this.#open.delete(key);
    if (block?.kind === "tool" && !block.argued) return [this.#chunks.toolArguments(block.index, "{}")];
    if (block?.kind === "thought") {
      const { text, signature, redacted } = block;
      const thought = thinkingBlock({ reasoningText: { text, signature }, redactedContent: redacted });
      if (thought) this.#lists.thinking_blocks.push(thought);
    }
    if (block?.kind === "text") {
      const { annotations, citations } = sourcesOf(block.citations, { start: block.start, end: this.#textLength });
      this.#lists.annotations.push(...annotations);
      this.#lists.citations.push(...citations);
    }
    return NO_FRAMES;
  }

  /**
   * Everything that is a list, in one delta at the end: of several, OpenAI's client for Node would keep the last one
   * and its client for Python would fail.
   */
  #told(): Frames {
    const told = Object.entries(this.#lists).filter(([, list]) => list.length > 0);
    return told.length > 0 ? [this.#chunks.delta(Object.fromEntries(told))] : NO_FRAMES;
  }
}
