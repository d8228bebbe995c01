import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { TranslateOptions } from "./translate.ts";

/** Models known by name not to think refuse `thinking`; newer ones are taken to do so. */
export function thinks(model: string): boolean {
  return !/^(command(-(r|light|nightly)|$)|command-a-(03-2025|vision|translate)|c4ai-)/.test(model);
}

/** OpenAI's `reasoning_effort` as a budget; a client that sends Cohere's own `thinking` has the last word. */
export function thinkingOf(chat: JsonObject, { model, drop }: TranslateOptions): JsonObject {
  const wanted = chat.reasoning_effort ?? undefined;
  if (isObject(chat.thinking)) {
    if (wanted !== undefined) drop("reasoning_effort");
    return { thinking: chat.thinking };
  }
  if (wanted === undefined) return {};
  if (!thinks(model)) {
    // Not to think is all such a model can do.
    if (wanted !== "none") drop("reasoning_effort");
    return {};
  }
  if (wanted === "none") return { thinking: { type: "disabled" } };
  const budget = BUDGETS.get(wanted);
  if (budget === undefined) drop("reasoning_effort");
  return budget === undefined ? {} : { thinking: { type: "enabled", ...budget } };
}

/** Tokens. From `high` on the model may think as long as it finds right, which is Cohere's own default. */
const BUDGETS: ReadonlyMap<unknown, JsonObject> = new Map([
  ["minimal", { token_budget: 512 }],
  ["low", { token_budget: 1024 }],
  ["medium", { token_budget: 4096 }],
  ["high", {}],
  ["xhigh", {}],
  ["max", {}],
]);
