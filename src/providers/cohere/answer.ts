import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { sourcesOf } from "./citations.ts";
import { embeddedError } from "./error.ts";
import { logprobsOf } from "./logprobs.ts";
import { finishReasonOf, usageObject, usageOf } from "./usage.ts";

export interface AnswerOptions {
  /** Seconds since 1970. */
  readonly created: number;
  /** Cohere's answers do not name it. */
  readonly model: string;
}

/** A whole answer of Cohere's chat as an OpenAI chat completion. */
export function decodeAnswer(body: Buffer, { created, model }: AnswerOptions): Completion {
  const answer = tryParse(body.toString());
  if (!isObject(answer) || !isObject(answer.message)) throw notAnAnswer(answer);
  const message = messageOf(answer.message);
  const choice = {
    index: 0,
    message,
    logprobs: logprobsOf(answer.logprobs),
    finish_reason: finishReasonOf(answer.finish_reason, message.tool_calls !== undefined),
  };
  const completion = {
    id: answer.id ?? `chatcmpl-${created}`,
    object: "chat.completion",
    created,
    model,
    choices: [choice],
    ...usageObject(answer.usage),
  };
  return { body: JSON.stringify(completion), usage: usageOf(answer.usage) };
}

/** `tool_plan` is no hidden thought: Cohere's models say it before they call tools, and want it back word for word. */
function messageOf({ content, tool_calls, tool_plan, citations }: JsonObject): JsonObject {
  const parts = partsOf(content);
  const text = parts.map((part) => (part.type === "text" ? String(part.text ?? "") : "")).join("");
  const thoughts = parts.map((part) => (part.type === "thinking" ? String(part.thinking ?? "") : "")).join("");
  const calls = Array.isArray(tool_calls) ? tool_calls.filter(isObject).map(callOf) : [];
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(thoughts === "" ? {} : { reasoning_content: thoughts }),
    ...(typeof tool_plan === "string" && tool_plan !== "" ? { tool_plan } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...sourcesOf(citations),
  };
}

function partsOf(content: unknown): readonly JsonObject[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content.filter(isObject) : [];
}

/** A call without arguments has none; OpenAI's clients parse what stands there. */
function callOf({ id, function: called }: JsonObject): JsonObject {
  const { name, arguments: text } = isObject(called) ? called : {};
  return { id, type: "function", function: { name, arguments: text === "" || text === undefined ? "{}" : text } };
}

function notAnAnswer(answer: unknown): GatewayError {
  return (
    embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer is not a chat's.")
  );
}
