import { randomUUID } from "node:crypto";
import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import type { DecodeContext } from "../../core/provider.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { citationsOf } from "./citations.ts";
import { thinkingBlocks } from "./thoughts.ts";
import { endOf, tierOf, writeMessagesUsage } from "./usage.ts";

/** A whole chat completion as a message of Anthropic's. */
export function messageOf({ body, usage }: Completion, { request, target }: DecodeContext): Completion {
  const answer = parseExactly(typeof body === "string" ? body : Buffer.from(body).toString());
  const choice = isObject(answer) && Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  if (!isObject(answer) || !isObject(choice) || !isObject(choice.message)) {
    throw new GatewayError("upstream_invalid_response", "The provider's answer holds no message.");
  }
  const said = choice.message;
  const calls = toolCallsIn(said).map(toolUse);
  const end = endOf({
    choice,
    hasToolCalls: calls.length > 0,
    refusal: textOf(said.refusal),
    sequences: request.body.value.stop_sequences,
  });
  const message = {
    id: answer.id ?? `msg_${randomUUID()}`,
    type: "message",
    role: "assistant",
    model: answer.model ?? target.model,
    content: [...thinkingBlocks(said, target), ...textBlocks(said), ...calls],
    ...end,
    usage: { ...writeMessagesUsage(usage), ...tierOf(answer) },
  };
  return { body: JSON.stringify(message), usage };
}

/** Several parts of text stay one block: a chat does not tell where one ends. */
function textBlocks(said: JsonObject): JsonObject[] {
  const text = textOf(said.content) + textOf(said.refusal);
  if (text === "") return [];
  return [{ type: "text", text, ...citationsOf(said) }];
}

export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const texts = content.filter(isObject).map(({ text, refusal }) => text ?? refusal);
  return texts.filter((text) => typeof text === "string").join("");
}

function toolCallsIn({ tool_calls: calls }: JsonObject): JsonObject[] {
  return Array.isArray(calls) ? calls.filter(isObject) : [];
}

function toolUse({ id, function: called, extra_content: extra }: JsonObject): JsonObject {
  const { name, arguments: text } = isObject(called) ? called : {};
  return {
    type: "tool_use",
    id: idOr(id),
    name,
    input: inputOf(text),
    ...(isObject(extra) ? { extra_content: extra } : {}),
  };
}

/** Every call can be answered, also those of servers that name none. */
export function idOr(id: unknown): string {
  return typeof id === "string" && id !== "" ? id : `toolu_${randomUUID().replaceAll("-", "")}`;
}

/** Clients expect an object. What a model wrote amiss, or was cut off in, stays readable as text. */
function inputOf(text: unknown): unknown {
  if (isObject(text)) return text;
  if (typeof text !== "string" || text.trim() === "") return {};
  const input = parseExactly(text);
  return isObject(input) ? input : { invalid_json: text };
}
