import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { writeUsage } from "../../protocol/openai.ts";
import { inGoogle, nativeOf } from "./candidate.ts";
import { embeddedError } from "./error.ts";
import { annotationsOf } from "./grounding.ts";
import { logprobsOf } from "./logprobs.ts";
import { callIds, saidIn, type ToolCall } from "./said.ts";
import { finishReasonOf, isBroken, serviceTierOf, usageOf } from "./usage.ts";

export interface AnswerOptions {
  /** Seconds since 1970. */
  readonly created: number;
  /** For servers that do not name the model. */
  readonly model: string;
}

/** A whole answer of Gemini's as an OpenAI chat completion. */
export function decodeAnswer(body: Buffer, { created, model }: AnswerOptions): Completion {
  const answer = parseExactly(body.toString());
  if (!isObject(answer)) throw notAnAnswer(answer);
  const { candidates, promptFeedback, responseId, usageMetadata } = answer;
  const given = Array.isArray(candidates) ? candidates.filter(isObject) : [];
  const choices =
    given.length > 0
      ? given.map((candidate, at) => choiceOf(candidate, { at, responseId, created }))
      : [blocked(promptFeedback) ?? fail(notAnAnswer(answer))];
  if (choices.every(isUnusable) && given.some(({ finishReason }) => isBroken(finishReason))) throw brokenAnswer();
  const usage = usageOf(usageMetadata);
  const completion = {
    id: responseId ?? `chatcmpl-${created}`,
    object: "chat.completion",
    created,
    model: answer.modelVersion ?? model,
    choices,
    ...serviceTierOf(usageMetadata),
    ...(usage ? { usage: writeUsage(usage) } : {}),
  };
  return { body: JSON.stringify(completion), usage };
}

interface Place {
  readonly at: number;
  readonly responseId: unknown;
  readonly created: number;
}

function choiceOf(candidate: JsonObject, { at, responseId, created }: Place): JsonObject {
  const index = typeof candidate.index === "number" ? candidate.index : at;
  const message = new MessageParts();
  const callId = callIds(responseId, index);
  for (const part of partsIn(candidate)) message.add(part, callId);
  return {
    index,
    message: message.message(candidate, created),
    logprobs: logprobsOf(candidate.logprobsResult) ?? null,
    finish_reason: finishReasonOf(candidate.finishReason, message.calls.length > 0),
    ...nativeOf(candidate),
  };
}

/** A message while its parts are read. */
class MessageParts {
  readonly calls: ToolCall[] = [];
  readonly #images: JsonObject[] = [];
  readonly #sounds: string[] = [];
  readonly #others: JsonObject[] = [];
  #text = "";
  #reasoning = "";
  #signature: unknown;

  add(part: JsonObject, callId: () => string): void {
    const said = saidIn(part, callId);
    if (said.kind === "text") this.#text += said.text;
    else if (said.kind === "thought") this.#reasoning += said.text;
    else if (said.kind === "call") this.calls.push(said.call);
    else if (said.kind === "image") this.#images.push(said.image);
    else if (said.kind === "audio") this.#sounds.push(said.data);
    else this.#others.push(said.part);
    if ((said.kind === "text" || said.kind === "thought") && said.signature) this.#signature = said.signature;
  }

  message(candidate: JsonObject, created: number): JsonObject {
    const annotations = annotationsOf(candidate, this.#text);
    const native = {
      ...(this.#signature ? { thought_signature: this.#signature } : {}),
      ...(this.#others.length > 0 ? { parts: this.#others } : {}),
    };
    return {
      role: "assistant",
      content: this.#text === "" && this.calls.length > 0 ? null : this.#text,
      refusal: null,
      ...(this.#reasoning === "" ? {} : { reasoning_content: this.#reasoning }),
      ...(this.calls.length > 0 ? { tool_calls: this.calls } : {}),
      ...(this.#images.length > 0 ? { images: this.#images } : {}),
      ...(this.#sounds.length > 0 ? { audio: audioOf(this.#sounds, created) } : {}),
      ...(annotations.length > 0 ? { annotations } : {}),
      ...inGoogle(native),
    };
  }
}

/** Google keeps no sound: it is no longer there as soon as it was answered. */
function audioOf(pieces: readonly string[], created: number): JsonObject {
  const data = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).toString("base64");
  return { id: `audio_${created}`, expires_at: created, data, transcript: "" };
}

export function partsIn(candidate: JsonObject): JsonObject[] {
  const { parts } = isObject(candidate.content) ? candidate.content : {};
  return Array.isArray(parts) ? parts.filter(isObject) : [];
}

/** A prompt that Google did not let through has no candidates: to a client it is an empty answer that was filtered. */
function blocked(promptFeedback: unknown): JsonObject | undefined {
  if (!isBlock(promptFeedback)) return undefined;
  const message = { role: "assistant", content: "", refusal: null };
  return { index: 0, message, logprobs: null, finish_reason: "content_filter", ...inGoogle({ promptFeedback }) };
}

export function isBlock(promptFeedback: unknown): promptFeedback is JsonObject {
  return isObject(promptFeedback) && promptFeedback.blockReason !== undefined;
}

function isUnusable({ message }: JsonObject): boolean {
  const { content, tool_calls, images, audio } = message as JsonObject;
  return content === "" && tool_calls === undefined && images === undefined && audio === undefined;
}

export function brokenAnswer(): GatewayError {
  return new GatewayError("upstream_invalid_response", "The model failed at writing a tool call.");
}

function notAnAnswer(answer: unknown): GatewayError {
  const error = embeddedError(answer);
  return error ?? new GatewayError("upstream_invalid_response", "The provider's answer is not one of Gemini's.");
}

function fail(error: GatewayError): never {
  throw error;
}
