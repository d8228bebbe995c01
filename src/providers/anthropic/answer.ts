import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type FinishReason, writeUsage } from "../../protocol/openai.ts";
import { type Sources, sourcesOf } from "./citations.ts";
import { embeddedError } from "./error.ts";
import { JSON_TOOL } from "./json-tool.ts";
import { finishReasonOf, serviceTierOf, stopDetailsOf, usageOf } from "./usage.ts";

export interface AnswerOptions {
  /** Seconds since 1970. */
  readonly created: number;
  /** For servers that do not name the model. */
  readonly model: string;
}

/** A whole answer of the Messages API as an OpenAI chat completion. */
export function decodeAnswer(body: Buffer, { created, model }: AnswerOptions): Completion {
  const answer = parseExactly(body.toString());
  if (!isObject(answer) || !Array.isArray(answer.content)) throw notAnAnswer(answer);
  const blocks = answer.content.filter(isObject);
  const message = messageOf(blocks);
  const usage = usageOf(answer.usage);
  const completion = {
    id: answer.id ?? `msg_${created}`,
    object: "chat.completion",
    created,
    model: answer.model ?? model,
    choices: [
      {
        index: 0,
        message,
        logprobs: null,
        finish_reason: endOf(answer.stop_reason, { blocks, called: message.tool_calls !== undefined }),
        ...stopDetailsOf(answer.stop_details),
      },
    ],
    ...serviceTierOf(answer.usage),
    ...(usage ? { usage: writeUsage(usage) } : {}),
  };
  return { body: JSON.stringify(completion), usage };
}

/** A model that called nothing but the tool that takes its answer has ended. */
function endOf(reason: unknown, { blocks, called }: { blocks: readonly JsonObject[]; called: boolean }): FinishReason {
  const answered = !called && blocks.some(isJsonAnswer);
  return finishReasonOf(answered && reason === "tool_use" ? "end_turn" : reason, called);
}

function isJsonAnswer({ type, name }: JsonObject): boolean {
  return type === "tool_use" && name === JSON_TOOL;
}

/** Server tools and their results are Anthropic's own affair: the client neither called them nor has to answer. */
function messageOf(blocks: readonly JsonObject[]): JsonObject {
  const texts = blocks.filter(({ type }) => type === "text");
  const json = blocks.find(isJsonAnswer);
  const content = json ? JSON.stringify(json.input ?? {}) : texts.map(({ text }) => text).join("");
  const calls = blocks.filter((block) => block.type === "tool_use" && !isJsonAnswer(block)).map(toolCall);
  const thoughts = blocks.flatMap<JsonObject>((block) => thinkingBlock(block) ?? []);
  const reasoning = thoughts.map(({ thinking }) => thinking ?? "").join("");
  return {
    role: "assistant",
    content: content === "" && calls.length > 0 ? null : content,
    refusal: null,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(thoughts.length > 0 ? { thinking_blocks: thoughts } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(json ? {} : sourcesIn(texts)),
  };
}

function toolCall({ id, name, input }: JsonObject): JsonObject {
  return { id, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } };
}

/** As it has to come back in the next request: every byte of it is signed. */
export function thinkingBlock({ type, thinking, signature, data }: JsonObject): JsonObject | undefined {
  if (type === "redacted_thinking") return { type, data };
  return type === "thinking" ? { type, thinking: thinking ?? "", signature: signature ?? "" } : undefined;
}

function sourcesIn(texts: readonly JsonObject[]): Partial<Sources> {
  let end = 0;
  const sources = texts.map(({ text, citations }) => {
    const start = end;
    end += String(text).length;
    return sourcesOf(Array.isArray(citations) ? citations : [], { start, end });
  });
  const annotations = sources.flatMap((one) => one.annotations);
  const citations = sources.flatMap((one) => one.citations);
  return { ...(annotations.length > 0 ? { annotations } : {}), ...(citations.length > 0 ? { citations } : {}) };
}

function notAnAnswer(answer: unknown): GatewayError {
  const error = isObject(answer) ? embeddedError(answer) : undefined;
  return (
    error ?? new GatewayError("upstream_invalid_response", "The provider's answer is not one of the Messages API.")
  );
}
