import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type FinishReason, type Usage, writeUsage } from "../../protocol/openai.ts";
import { embeddedError } from "./error.ts";

export interface AnswerOptions {
  /** Seconds since 1970, for answers that do not say when they were made. */
  readonly created: number;
  readonly model: string;
  readonly newId: () => string;
}

/** A whole answer of Ollama's chat as an OpenAI chat completion. */
export function decodeAnswer(body: Buffer, { created, model, newId }: AnswerOptions): Completion {
  const answer = parseExactly(body.toString());
  if (!isObject(answer) || !isObject(answer.message)) throw notAnAnswer(answer);
  const message = messageOf(answer.message, newId);
  const usage = usageOf(answer);
  const choice = {
    index: 0,
    message,
    logprobs: logprobsOf(answer.logprobs),
    finish_reason: finishReasonOf(answer.done_reason, message.tool_calls !== undefined),
  };
  const completion = {
    id: `chatcmpl-${newId()}`,
    object: "chat.completion",
    created: createdAt(answer) ?? created,
    model: answer.model ?? model,
    choices: [choice],
    ...(usage ? { usage: writeUsage(usage) } : {}),
  };
  return { body: JSON.stringify(completion), usage };
}

function messageOf({ content, thinking, tool_calls }: JsonObject, newId: () => string): JsonObject {
  const text = typeof content === "string" ? content : "";
  const calls = callsIn(tool_calls).map((call) => {
    const { id, name, text: given } = calledIn(call, newId);
    return { id, type: "function", function: { name, arguments: given } };
  });
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(typeof thinking === "string" && thinking !== "" ? { reasoning_content: thinking } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

export function callsIn(calls: unknown): JsonObject[] {
  return Array.isArray(calls) ? calls.filter(isObject) : [];
}

/** Older servers give calls no ids. */
export function calledIn(call: JsonObject, newId: () => string): { id: unknown; name: unknown; text: string } {
  const { name, arguments: given } = isObject(call.function) ? call.function : {};
  const text = typeof given === "string" ? given : JSON.stringify(given ?? {});
  return { id: call.id ? call.id : `call_${newId()}`, name, text };
}

/** Seconds since 1970. */
export function createdAt({ created_at }: JsonObject): number | undefined {
  const made = typeof created_at === "string" ? Date.parse(created_at) : Number.NaN;
  return made > 0 ? Math.floor(made / 1000) : undefined;
}

/** A prompt that was read before is not counted by older servers. */
export function usageOf({ prompt_eval_count: read, eval_count: written }: JsonObject): Usage | undefined {
  if (typeof read !== "number" && typeof written !== "number") return undefined;
  return {
    promptTokens: typeof read === "number" ? read : 0,
    completionTokens: typeof written === "number" ? written : 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

/** Ollama says `stop` after tool calls too. */
export function finishReasonOf(reason: unknown, hasToolCalls: boolean): FinishReason {
  if (reason === "length") return "length";
  return hasToolCalls ? "tool_calls" : "stop";
}

/** The same in OpenAI's shape but for what Ollama leaves out. */
export function logprobsOf(items: unknown): JsonObject | null {
  const list = Array.isArray(items) ? items.filter(isObject) : [];
  const filled = (one: JsonObject) => ({ ...one, bytes: one.bytes ?? null });
  const content = list.map((one) => {
    const alternatives = Array.isArray(one.top_logprobs) ? one.top_logprobs.filter(isObject) : [];
    return { ...filled(one), top_logprobs: alternatives.map(filled) };
  });
  return content.length > 0 ? { content, refusal: null } : null;
}

function notAnAnswer(answer: unknown): GatewayError {
  return (
    embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer is not a chat's.")
  );
}
