import type { StreamFacts } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { jsonLines } from "../../protocol/ndjson.ts";
import { ChatChunks, type ChunkOptions, type Frames, NO_FRAMES } from "../chat/chunks.ts";
import { eventFrames } from "../chat/event-frames.ts";
import { calledIn, callsIn, createdAt, finishReasonOf, logprobsOf, usageOf } from "./answer.ts";
import { embeddedError } from "./error.ts";

export interface LineOptions extends ChunkOptions {
  readonly newId: () => string;
}

/** Ollama's lines as OpenAI's chunks. Throws the error a line holds. */
export function decodeLines(bytes: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<Frame, void> {
  let answer: StreamedAnswer | undefined;
  return eventFrames(jsonLines(bytes), options.facts, (line) => {
    answer ??= new StreamedAnswer({ ...options, created: createdAt(line) ?? options.created }, line.model);
    return answer.read(line);
  });
}

/** What has been said so far, as far as later lines refer to it. */
class StreamedAnswer {
  readonly #facts: StreamFacts;
  readonly #chunks: ChatChunks;
  readonly #newId: () => string;
  #toolCalls = 0;

  constructor(options: LineOptions, model: unknown) {
    this.#facts = options.facts;
    this.#newId = options.newId;
    this.#chunks = new ChatChunks(options);
    this.#chunks.name(`chatcmpl-${options.newId()}`, model);
  }

  read(line: JsonObject): Frames {
    const error = embeddedError(line);
    if (error) throw error;
    const said = isObject(line.message) ? this.#said(line.message, line.logprobs) : NO_FRAMES;
    return line.done === true ? [...this.#chunks.begin(said), ...this.#end(line)] : said;
  }

  #said({ content, thinking, tool_calls }: JsonObject, logprobs: unknown): Frames {
    const frames: Frame[] = [];
    if (typeof thinking === "string" && thinking !== "") frames.push(this.#chunks.reasoning(thinking));
    if (typeof content === "string" && content !== "") frames.push(this.#text(content, logprobsOf(logprobs)));
    for (const call of callsIn(tool_calls)) {
      frames.push(this.#chunks.toolCall(this.#toolCalls++, calledIn(call, this.#newId)));
    }
    return frames.length > 0 ? this.#chunks.begin(frames) : NO_FRAMES;
  }

  #text(text: string, logprobs: JsonObject | null): Frame {
    return logprobs ? this.#chunks.choice({ content: text }, { logprobs }) : this.#chunks.text(text);
  }

  #end(line: JsonObject): Frames {
    this.#facts.usage = usageOf(line);
    return this.#chunks.end(finishReasonOf(line.done_reason, this.#toolCalls > 0));
  }
}
