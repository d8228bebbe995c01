import type { JsonObject } from "../../protocol/json.ts";

export interface ThinkOptions {
  readonly model: string;
  readonly drop: (path: string) => void;
}

/**
 * OpenAI's `reasoning_effort` as Ollama's `think`: most models can only be told to think or not to, those of gpt-oss how
 * hard but not to stop. What is not honoured to the letter is named. Ollama's own `think` has the last word.
 */
export function thinkOf(chat: JsonObject, { model, drop }: ThinkOptions): JsonObject {
  const effort = chat.reasoning_effort ?? undefined;
  if (chat.think !== undefined && chat.think !== null) {
    if (effort !== undefined) drop("reasoning_effort");
    return { think: chat.think };
  }
  if (effort === undefined) return {};
  const levels = /gpt-oss/.test(model) ? LEVELS : SWITCH;
  const think = levels.get(effort);
  if (think !== effort && !(think === false && effort === "none")) drop("reasoning_effort");
  return think === undefined ? {} : { think };
}

const LEVELS: ReadonlyMap<unknown, unknown> = new Map([
  ["none", "low"],
  ["minimal", "low"],
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "high"],
  ["max", "high"],
]);

const SWITCH: ReadonlyMap<unknown, unknown> = new Map([...LEVELS.keys()].map((effort) => [effort, effort !== "none"]));
