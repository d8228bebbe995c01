import type { StreamFacts } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { type FinishReason, writeUsage } from "../../protocol/openai.ts";

export interface ChunkOptions {
  /** Seconds since 1970. */
  readonly created: number;
  /** For servers that do not name the model. */
  readonly model: string;
  /** The client asked for the chunk with usage. */
  readonly includeUsage: boolean;
  readonly facts: StreamFacts;
  /** Which of several choices is written; the first when absent. */
  readonly index?: number;
}

interface More {
  readonly choice?: JsonObject;
  readonly chunk?: JsonObject;
  /** What the provider counts beside tokens. */
  readonly usage?: JsonObject;
}

export type Frames = readonly Frame[];
export const NO_FRAMES: Frames = [];

/**
 * Writes a chat's chunks of OpenAI's for wires that have events of their own, one frame each. The text every chunk begins
 * with is written once, and the pieces that come by the thousand are written without building an object.
 */
export class ChatChunks {
  readonly #options: ChunkOptions;
  #head: string | undefined;
  #begun = false;

  constructor(options: ChunkOptions) {
    this.#options = options;
  }

  /** Tells what the provider calls this answer; without it the head is made of what is known at the first chunk. */
  name(id: unknown, model: unknown): void {
    const { created, model: asked } = this.#options;
    const head = { id: id ?? `chatcmpl-${created}`, object: "chat.completion.chunk", created, model: model ?? asked };
    this.#head = JSON.stringify(head).slice(0, -1);
  }

  get named(): boolean {
    return this.#head !== undefined;
  }

  /** The role comes first; it is held back until there is something to say, while another target can still be asked. */
  begin(frames: Frames = NO_FRAMES): Frames {
    if (this.#begun) return frames;
    this.#begun = true;
    return [this.delta({ role: "assistant", content: "", refusal: null }), ...frames];
  }

  text(text: string): Frame {
    return this.#written(`{"content":${JSON.stringify(text)}}`);
  }

  reasoning(text: string): Frame {
    return this.#written(`{"reasoning_content":${JSON.stringify(text)}}`);
  }

  /** A delta with whatever else belongs into its choice. */
  choice(delta: JsonObject, more: JsonObject): Frame {
    return this.#whole({ choices: [{ index: this.#index, delta, finish_reason: null, ...more }] });
  }

  /** Opens the tool call of this index; what the provider has of its arguments already comes with it. */
  toolCall(index: number, { id, name, text = "" }: { id: unknown; name: unknown; text?: string }): Frame {
    return this.delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: text } }] });
  }

  toolArguments(index: number, text: string): Frame {
    return this.#written(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(text)}}}]}`);
  }

  delta(delta: JsonObject): Frame {
    return this.#written(JSON.stringify(delta));
  }

  /**
   * The end: the finish reason with whatever else belongs into its choice and chunk, the usage chunk if the client asked
   * for it, `[DONE]`. Marks the facts as finished.
   */
  end(finishReason: FinishReason, more?: More): Frames {
    return [...this.finish(finishReason, more), ...this.close(more?.usage)];
  }

  /** The end of this choice alone. */
  finish(finishReason: FinishReason, { choice = {}, chunk = {} }: More = {}): Frames {
    const finish = { choices: [{ index: this.#index, delta: {}, finish_reason: finishReason, ...choice }], ...chunk };
    return [...this.begin(), this.#whole(finish)];
  }

  /** What follows the end of the last choice. */
  close(more: JsonObject = {}): Frames {
    const { facts, includeUsage } = this.#options;
    facts.finished = true;
    const usage =
      includeUsage && facts.usage
        ? [this.#whole({ choices: [], usage: { ...writeUsage(facts.usage), ...more } })]
        : NO_FRAMES;
    return [...usage, Frame.DONE];
  }

  get #index(): number {
    return this.#options.index ?? 0;
  }

  #written(delta: string): Frame {
    return Frame.ofData(`${this.#start()},"choices":[{"index":${this.#index},"delta":${delta},"finish_reason":null}]}`);
  }

  /** A chunk with more to it than a delta. */
  #whole(rest: JsonObject): Frame {
    return Frame.ofData(`${this.#start()},${JSON.stringify(rest).slice(1)}`);
  }

  #start(): string {
    if (this.#head === undefined) this.name(undefined, undefined);
    return this.#head!;
  }
}
