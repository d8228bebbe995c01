import { GatewayError } from "../../core/error.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { ChatChunks, type ChunkOptions, type Frames, NO_FRAMES } from "../chat/chunks.ts";
import { brokenAnswer, isBlock, partsIn } from "./answer.ts";
import { inGoogle, nativeOf } from "./candidate.ts";
import { answersIn } from "./events.ts";
import { annotationsOf } from "./grounding.ts";
import { logprobsOf } from "./logprobs.ts";
import { callIds, type Said, saidIn } from "./said.ts";
import { finishReasonOf, isBroken, serviceTierOf, usageOf } from "./usage.ts";

/**
 * Gemini's stream as OpenAI's chunks. It has no event that ends it, and a finish reason may come with every piece: the end
 * of the bytes is the end of the answer, if every candidate has told why it stopped. Otherwise it throws `upstream_closed`.
 */
export async function* decodeEvents(
  bytes: AsyncIterable<Uint8Array>,
  options: ChunkOptions,
): AsyncGenerator<Frame, void> {
  const answer = new StreamedAnswer(options);
  for await (const json of answersIn(bytes)) for (const frame of answer.read(json)) yield frame;
  yield* answer.end();
}

class StreamedAnswer {
  readonly #options: ChunkOptions;
  readonly #candidates = new Map<number, StreamedCandidate>();
  #id: unknown;
  #model: unknown;
  #metadata: unknown;
  #promptFeedback: JsonObject | undefined;

  constructor(options: ChunkOptions) {
    this.#options = options;
  }

  read({ responseId, modelVersion, usageMetadata, promptFeedback, candidates }: JsonObject): Frames {
    this.#id ??= responseId;
    this.#model ??= modelVersion;
    if (isObject(usageMetadata)) {
      this.#metadata = usageMetadata;
      this.#options.facts.usage = usageOf(usageMetadata) ?? this.#options.facts.usage;
    }
    if (isBlock(promptFeedback)) this.#promptFeedback = promptFeedback;
    if (!Array.isArray(candidates)) return NO_FRAMES;
    return candidates.filter(isObject).flatMap((candidate, at) => {
      const index = typeof candidate.index === "number" ? candidate.index : at;
      return this.#candidate(index).read(candidate);
    });
  }

  #candidate(index: number): StreamedCandidate {
    let candidate = this.#candidates.get(index);
    if (!candidate) {
      const chunks = new ChatChunks({ ...this.#options, index });
      chunks.name(this.#id, this.#model);
      candidate = new StreamedCandidate(chunks, callIds(this.#id, index));
      this.#candidates.set(index, candidate);
    }
    return candidate;
  }

  end(): Frames {
    const candidates = [...this.#candidates.values()];
    const chunk = serviceTierOf(this.#metadata);
    if (candidates.length === 0 && this.#promptFeedback) {
      const chunks = new ChatChunks(this.#options);
      chunks.name(this.#id, this.#model);
      const choice = inGoogle({ promptFeedback: this.#promptFeedback });
      return chunks.end("content_filter", { choice, chunk });
    }
    if (candidates.length === 0 || !candidates.every(({ finished }) => finished)) {
      throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
    }
    if (candidates.every(({ broken }) => broken)) throw brokenAnswer();
    const ends = candidates.flatMap((candidate) => candidate.end(chunk));
    return [...ends, ...candidates[0]!.chunks.close()];
  }
}

/** Bound on the text kept for finding the places of sources in it: longer than any model's answer. */
const MAX_CITED_CHARACTERS = 1024 * 1024;

/** Of a candidate, what is not told at its end. */
const SAID: ReadonlySet<string> = new Set(["content", "logprobsResult", "index"]);

/** What one candidate has said so far, as far as its end refers to it. */
class StreamedCandidate {
  readonly chunks: ChatChunks;
  readonly #callId: () => string;
  readonly #others: JsonObject[] = [];
  readonly #texts: string[] = [];
  #characters = 0;
  #calls = 0;
  #images = 0;
  #sounds = 0;
  #signature: unknown;
  /** What was told beside the content, the last of each kind. */
  readonly #told: Record<string, unknown> = {};

  constructor(chunks: ChatChunks, callId: () => string) {
    this.chunks = chunks;
    this.#callId = callId;
  }

  get finished(): boolean {
    return this.#told.finishReason !== undefined;
  }

  /** It ended without anything that a client could use. */
  get broken(): boolean {
    const nothing = this.#characters + this.#calls + this.#images + this.#sounds === 0;
    return nothing && isBroken(this.#told.finishReason);
  }

  read(candidate: JsonObject): Frames {
    for (const name in candidate) if (!SAID.has(name)) this.#told[name] = candidate[name];
    const logprobs = logprobsOf(candidate.logprobsResult);
    const frames = partsIn(candidate).flatMap((part) => this.#part(saidIn(part, this.#callId)));
    const all = logprobs ? [...frames, this.chunks.choice({}, { logprobs })] : frames;
    return all.length > 0 ? this.chunks.begin(all) : NO_FRAMES;
  }

  #part(said: Said): Frames {
    switch (said.kind) {
      case "text":
        this.#signature = said.signature || this.#signature;
        return said.text === "" ? NO_FRAMES : [this.#text(said.text)];
      case "thought":
        this.#signature = said.signature || this.#signature;
        return said.text === "" ? NO_FRAMES : [this.chunks.reasoning(said.text)];
      case "call":
        return [this.chunks.delta({ tool_calls: [{ index: this.#calls++, ...said.call }] })];
      case "image":
        return [this.chunks.delta({ images: [{ index: this.#images++, ...said.image }] })];
      case "audio":
        return [this.chunks.delta({ audio: { ...(this.#sounds++ === 0 ? { id: "audio_0" } : {}), data: said.data } })];
      case "other":
        this.#others.push(said.part);
        return NO_FRAMES;
    }
  }

  #text(text: string): Frame {
    this.#characters += text.length;
    if (this.#characters <= MAX_CITED_CHARACTERS) this.#texts.push(text);
    return this.chunks.text(text);
  }

  /** Everything that is a list, in one delta at the end: of several, clients keep the last one or fail. */
  end(chunk: JsonObject): Frames {
    const annotations = annotationsOf(this.#told, this.#texts.join(""));
    const native = {
      ...(this.#signature ? { thought_signature: this.#signature } : {}),
      ...(this.#others.length > 0 ? { parts: this.#others } : {}),
    };
    const told = { ...(annotations.length > 0 ? { annotations } : {}), ...inGoogle(native) };
    const last = Object.keys(told).length > 0 ? this.chunks.begin([this.chunks.delta(told)]) : NO_FRAMES;
    const reason = finishReasonOf(this.#told.finishReason, this.#calls > 0);
    return [...last, ...this.chunks.finish(reason, { choice: nativeOf(this.#told), chunk })];
  }
}
