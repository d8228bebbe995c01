import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { writeUsage } from "../../protocol/openai.ts";
import { JSON_TOOL } from "../anthropic/json-tool.ts";
import { sourcesOf } from "./citations.ts";
import { besides, finishReasonOf, usageOf } from "./usage.ts";

export interface AnswerOptions {
  /** Converse tells it only in a header. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  /** Calls of the answer's tool are the answer itself. */
  readonly answerTool: boolean;
}

/** A whole answer of Converse as an OpenAI chat completion. */
export function decodeAnswer(body: Buffer, { id, created, model, answerTool }: AnswerOptions): Completion {
  const answer = parseExactly(body.toString());
  const blocks = isObject(answer) ? contentIn(answer) : undefined;
  if (!isObject(answer) || !blocks) {
    throw new GatewayError("upstream_invalid_response", "The provider's answer is not one of the Converse API.");
  }
  const message = messageOf(blocks, answerTool);
  const usage = usageOf(answer.usage);
  const finish_reason = finishReasonOf(answer.stopReason, message.tool_calls !== undefined);
  const completion = {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...besides(answer),
    ...(usage ? { usage: writeUsage(usage) } : {}),
  };
  return { body: JSON.stringify(completion), usage };
}

function contentIn({ output }: JsonObject): readonly JsonObject[] | undefined {
  const message = isObject(output) ? output.message : undefined;
  return isObject(message) && Array.isArray(message.content) ? message.content.filter(isObject) : undefined;
}

/** System tools and their results are Bedrock's own affair: the client neither called them nor has to answer. */
function messageOf(blocks: readonly JsonObject[], answerTool: boolean): JsonObject {
  const uses = blocks.flatMap(({ toolUse }) => (isObject(toolUse) && toolUse.type !== SERVER_TOOL ? [toolUse] : []));
  const isAnswer = ({ name }: JsonObject) => answerTool && name === JSON_TOOL;
  const calls = uses.filter((use) => !isAnswer(use));
  const answer = uses.find(isAnswer);
  // What a model says beside a JSON answer would spoil it.
  const texts = answer ? [{ text: JSON.stringify(answer.input ?? {}) }] : blocks.flatMap(textsIn);
  const content = texts.map(({ text }) => text).join("");
  const thoughts = blocks.flatMap(({ reasoningContent }) => (isObject(reasoningContent) ? [reasoningContent] : []));
  const reasoning = thoughts.map(({ reasoningText }) => (isObject(reasoningText) ? reasoningText.text : "")).join("");
  const kept = thoughts.flatMap((thought) => thinkingBlock(thought) ?? []);
  return {
    role: "assistant",
    content: content === "" && calls.length > 0 ? null : content,
    refusal: null,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(kept.length > 0 ? { thinking_blocks: kept } : {}),
    ...(calls.length > 0 ? { tool_calls: calls.map(toolCall) } : {}),
    ...sourcesIn(texts),
  };
}

/** The type of tools that run at Bedrock. */
export const SERVER_TOOL = "server_tool_use";

interface Text {
  readonly text: string;
  readonly citations?: readonly unknown[];
}

function textsIn({ text, citationsContent }: JsonObject): Text[] {
  if (typeof text === "string") return [{ text }];
  if (!isObject(citationsContent) || !Array.isArray(citationsContent.content)) return [];
  const parts = citationsContent.content.map((part) => (isObject(part) ? (part.text ?? "") : ""));
  return [{ text: parts.join(""), citations: listIn(citationsContent.citations) }];
}

function toolCall({ toolUseId, name, input }: JsonObject): JsonObject {
  return { id: toolUseId, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } };
}

/** As it has to come back in the next request; without a signature it cannot. */
export function thinkingBlock({ reasoningText, redactedContent }: JsonObject): JsonObject | undefined {
  if (redactedContent !== undefined) return { type: "redacted_thinking", data: redactedContent };
  const { text, signature } = isObject(reasoningText) ? reasoningText : {};
  return signature ? { type: "thinking", thinking: text ?? "", signature } : undefined;
}

function sourcesIn(texts: readonly Text[]): JsonObject {
  let end = 0;
  const sources = texts.map(({ text, citations = [] }) => {
    const start = end;
    end += text.length;
    return sourcesOf(citations, { start, end });
  });
  const annotations = sources.flatMap((one) => one.annotations);
  const citations = sources.flatMap((one) => one.citations);
  return { ...(annotations.length > 0 ? { annotations } : {}), ...(citations.length > 0 ? { citations } : {}) };
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
