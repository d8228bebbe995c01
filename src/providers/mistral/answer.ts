import { randomUUID } from "node:crypto";
import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { readUsage, type Usage } from "../../protocol/openai.ts";
import { embeddedError } from "./error.ts";
import { mapped } from "./fields.ts";

/** A whole answer: its own bytes unless something in it is not OpenAI's. */
export function decodeAnswer(body: Buffer): Completion {
  const answer = tryParse(body.toString());
  if (!isObject(answer) || !Array.isArray(answer.choices)) throw notAnAnswer(answer);
  const usage = usageOf(answer.usage);
  const choices = mapped(answer.choices, (choice: unknown) => (isObject(choice) ? choiceOf(choice) : choice));
  return { body: choices === answer.choices ? body : JSON.stringify({ ...answer, choices }), usage };
}

function notAnAnswer(answer: unknown): GatewayError {
  return (
    embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer is not a chat's.")
  );
}

function choiceOf(choice: JsonObject): JsonObject {
  const finish_reason = finishReasonOf(choice.finish_reason);
  const message = isObject(choice.message) ? messageOf(choice.message) : choice.message;
  return message === choice.message && finish_reason === choice.finish_reason
    ? choice
    : { ...choice, message, finish_reason };
}

function messageOf(message: JsonObject): JsonObject {
  const spoken = Array.isArray(message.content) ? { ...message, ...saidIn(message.content) } : message;
  if (!Array.isArray(message.tool_calls)) return spoken;
  const calls = mapped(message.tool_calls, (call: unknown) => (isObject(call) ? callOf(call) : call));
  return calls === message.tool_calls ? spoken : { ...spoken, tool_calls: calls };
}

/** A call has an id and its arguments are text, whatever else the model behind the API does. */
function callOf(call: JsonObject): JsonObject {
  const { name, arguments: given } = isObject(call.function) ? call.function : {};
  const isWhole = hasId(call) && call.type === "function" && typeof given === "string";
  if (isWhole) return call;
  const id = hasId(call) ? call.id : newToolId();
  return { ...call, id, type: "function", function: { name, arguments: argumentsOf(given) } };
}

/** The word `null` is what Mistral's specification gives for an id that is not there. */
export function hasId({ id }: JsonObject): boolean {
  return typeof id === "string" && id !== "" && id !== "null";
}

/** In Mistral's own form: nine letters and digits. */
export function newToolId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 9);
}

export function argumentsOf(given: unknown): string {
  return typeof given === "string" ? given : JSON.stringify(given ?? {});
}

/** What a list of content parts says, in OpenAI's fields. References to documents stay as Mistral wrote them. */
export function saidIn(parts: readonly unknown[]): JsonObject {
  const known = parts.filter(isObject);
  const reasoning = known.filter(({ type }) => type === "thinking").map(({ thinking }) => textIn(thinking));
  const references = known.filter(({ type }) => type === "reference");
  return {
    content: textIn(parts),
    ...(reasoning.length > 0 ? { reasoning_content: reasoning.join("") } : {}),
    ...(references.length > 0 ? { citations: references } : {}),
  };
}

function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts.map((part) => (isObject(part) && part.type === "text" ? part.text : "")).join("");
}

/** Throws for an answer that the provider itself calls broken. */
export function finishReasonOf(reason: unknown): unknown {
  if (reason === "error") throw new GatewayError("upstream_error", "The provider failed while it answered.");
  return reason === "model_length" ? "length" : reason;
}

/** Some models' answers count cached tokens under an older name. */
export function usageOf(usage: unknown): Usage | undefined {
  const read = readUsage(usage);
  if (!read || read.cachedTokens > 0 || !isObject(usage)) return read;
  const cached = usage.num_cached_tokens;
  return typeof cached === "number" && cached > 0 ? { ...read, cachedTokens: cached } : read;
}
