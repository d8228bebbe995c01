/** What an application finds in an answer of the Responses API, in the shape in which a chat's answer is read. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import type { StreamEvent } from "./event.ts";
import type { Choice, Reading } from "./reading.ts";

export function readResponse(body: unknown): Reading {
  const response = isObject(body) ? body : {};
  return {
    choices: response.object === "response" ? new Map([[0, choiceOf(response)]]) : new Map(),
    usage: usageOf(response.usage),
    error: isObject(response.error) ? response.error : undefined,
    doneCount: 0,
    doneIsLast: false,
  };
}

/** The answer as its last event tells it. What the deltas told must be the same: `deltaFaults` says where it is not. */
export function readResponseStream(events: readonly StreamEvent[]): Reading {
  const told = events.map(({ data }) => tryParse(data)).filter(isObject);
  const last = told.findLast(({ type }) => ENDS.has(type))?.response;
  const error = told.find(({ type }) => type === "error");
  const doneCount = events.filter(({ data }) => data === "[DONE]").length;
  const doneIsLast = events.at(-1)?.data === "[DONE]";
  const reading = readResponse(last);
  return { ...reading, error: isObject(error?.error) ? error.error : (error ?? reading.error), doneCount, doneIsLast };
}

const ENDS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Where the pieces do not add up to the whole. */
export function deltaFaults(events: readonly StreamEvent[]): string[] {
  const told = events.map(({ data }) => tryParse(data)).filter(isObject);
  const last = told.findLast(({ type }) => ENDS.has(type))?.response;
  if (!isObject(last) || last.status === "failed") return [];
  const sum = (type: string) => told.map((event) => (event.type === type ? event.delta : "")).join("");
  const whole = choiceOf(last);
  const pairs = [
    ["text", sum("response.output_text.delta"), whole.text],
    ["refusal", sum("response.refusal.delta"), whole.refusal],
    ["arguments", sum("response.function_call_arguments.delta"), whole.toolCalls.map((c) => c.arguments).join("")],
  ];
  const numbers = told.map(({ sequence_number }) => sequence_number);
  return [
    ...pairs.flatMap(([name, got, wanted]) => (got === wanted ? [] : [`the deltas' ${name} is not the answer's`])),
    ...(numbers.every((number, at) => number === at) ? [] : ["the events are not numbered one by one"]),
  ];
}

function choiceOf(response: JsonObject): Choice {
  const items = objectsIn(response.output);
  const parts = items.filter(({ type }) => type === "message").flatMap(({ content }) => objectsIn(content));
  const thoughts = items
    .filter(({ type }) => type === "reasoning")
    .flatMap(({ summary, content }) => [...objectsIn(summary), ...objectsIn(content)]);
  const calls = items.filter(({ type }) => type === "function_call");
  return {
    text: parts.map(({ text }) => text ?? "").join(""),
    refusal: parts.map(({ refusal }) => refusal ?? "").join(""),
    reasoning: thoughts.map(({ text }) => text ?? "").join(""),
    toolCalls: calls.map((call) => ({
      id: String(call.call_id ?? ""),
      name: String(call.name ?? ""),
      arguments: String(call.arguments ?? ""),
    })),
    finish: finishOf(response, calls.length > 0),
    finishCount: 1,
  };
}

function finishOf({ status, incomplete_details: details }: JsonObject, calls: boolean): string | undefined {
  if (status === "completed") return calls ? "tool_calls" : "stop";
  if (status !== "incomplete") return undefined;
  return isObject(details) && details.reason === "content_filter" ? "content_filter" : "length";
}

function usageOf(usage: unknown): JsonObject | undefined {
  if (!isObject(usage)) return undefined;
  return {
    prompt_tokens: usage.input_tokens,
    completion_tokens: usage.output_tokens,
    total_tokens: usage.total_tokens,
    prompt_tokens_details: usage.input_tokens_details,
    completion_tokens_details: usage.output_tokens_details,
  };
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
