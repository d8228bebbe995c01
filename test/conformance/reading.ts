/** What an application finds in an answer: a whole one and a streamed one read to the same shape. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import type { StreamEvent } from "./event.ts";

export interface Reading {
  readonly choices: ReadonlyMap<number, Choice>;
  readonly usage: JsonObject | undefined;
  /** An `error` object in the body or in an event. */
  readonly error: JsonObject | undefined;
  /** How many `[DONE]` came, and whether the last one ended the stream. */
  readonly doneCount: number;
  readonly doneIsLast: boolean;
}

export interface Choice {
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: ToolCall[];
  finish: string | undefined;
  /** Anything above 1 is a fault: a stream ends a choice once. */
  finishCount: number;
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export function readWhole(body: unknown): Reading {
  const choices = new Map<number, Choice>();
  const answer = isObject(body) ? body : {};
  for (const choice of objectsIn(answer.choices)) addTo(choices, choice, choice.message);
  return {
    choices,
    usage: usageIn(answer),
    error: isObject(answer.error) ? answer.error : undefined,
    doneCount: 0,
    doneIsLast: false,
  };
}

export function readStream(events: readonly StreamEvent[]): Reading {
  const choices = new Map<number, Choice>();
  let usage: JsonObject | undefined;
  let error: JsonObject | undefined;
  for (const { data } of events) {
    const chunk = tryParse(data);
    if (!isObject(chunk)) continue;
    if (isObject(chunk.error)) error ??= chunk.error;
    // Some providers count up in every chunk: the last one is the sum.
    usage = usageIn(chunk) ?? usage;
    for (const choice of objectsIn(chunk.choices)) addTo(choices, choice, choice.delta);
  }
  const doneCount = events.filter(({ data }) => data === "[DONE]").length;
  return { choices, usage, error, doneCount, doneIsLast: events.at(-1)?.data === "[DONE]" };
}

function addTo(choices: Map<number, Choice>, choice: JsonObject, message: unknown): void {
  const index = typeof choice.index === "number" ? choice.index : 0;
  const sum = choices.get(index) ?? emptyChoice();
  choices.set(index, sum);
  if (typeof choice.finish_reason === "string") {
    sum.finish = choice.finish_reason;
    sum.finishCount++;
  }
  if (typeof choice.text === "string") sum.text += choice.text;
  if (!isObject(message)) return;
  sum.text += textIn(message.content, "text");
  sum.refusal += textIn(message.refusal, "refusal");
  sum.reasoning += reasoningIn(message);
  objectsIn(message.tool_calls).forEach((call, position) => {
    addToolCall(sum, call, position);
  });
}

/** `reasoning_content` is the gateway's own field; the others pass through from providers, several of them doubled: read one. */
function reasoningIn(message: JsonObject): string {
  for (const field of ["reasoning_content", "reasoning"]) {
    if (typeof message[field] === "string") return message[field];
  }
  return textIn(message.content, "thinking");
}

function addToolCall(choice: Choice, call: JsonObject, position: number): void {
  const at = typeof call.index === "number" ? call.index : position;
  choice.toolCalls[at] ??= { id: "", name: "", arguments: "" };
  const sum = choice.toolCalls[at];
  const { name, arguments: text } = isObject(call.function) ? call.function : {};
  // Later deltas may repeat id and name; only arguments grow.
  if (typeof call.id === "string" && sum.id === "") sum.id = call.id;
  if (typeof name === "string" && sum.name === "") sum.name = name;
  if (typeof text === "string") sum.arguments += text;
}

/** A string, or the parts of one kind in an array (Mistral nests its thinking one level deeper). */
function textIn(content: unknown, kind: string): string {
  if (typeof content === "string") return kind === "thinking" ? "" : content;
  const parts = objectsIn(content).filter((part) => part.type === kind);
  return parts.map((part) => textIn(part[kind], "text") || textIn(part.text, "text")).join("");
}

function usageIn(answer: JsonObject): JsonObject | undefined {
  if (isObject(answer.usage)) return answer.usage;
  const groq = answer.x_groq;
  return isObject(groq) && isObject(groq.usage) ? groq.usage : undefined;
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function emptyChoice(): Choice {
  return { text: "", reasoning: "", refusal: "", toolCalls: [], finish: undefined, finishCount: 0 };
}
