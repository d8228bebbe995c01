import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { ModelTraits } from "./models.ts";

/**
 * OpenAI's `reasoning_effort` in the words of the model's generation, as `thinkingConfig`; or Anthropic's `thinking`, which
 * clients of several providers send. Thoughts are asked for whenever thinking is: OpenAI's clients read them in `reasoning_content`.
 */
export function thinkingOf(
  chat: JsonObject,
  traits: ModelTraits,
  drop: (path: string) => void,
): JsonObject | undefined {
  const effort = chat.reasoning_effort ?? undefined;
  if (effort !== undefined) return ofEffort(effort, traits, () => drop("reasoning_effort"));
  return isObject(chat.thinking) ? ofThinking(chat.thinking, traits, () => drop("thinking")) : undefined;
}

function ofEffort(effort: unknown, traits: ModelTraits, drop: () => void): JsonObject | undefined {
  if (effort === "none") return least(traits, drop);
  if (typeof effort !== "string" || !Object.hasOwn(BUDGETS, effort) || traits.thinking === "none") return void drop();
  if (traits.thinking === "level") return { thinkingLevel: levelOf(effort, traits.levels), includeThoughts: true };
  const wanted = BUDGETS[effort]!;
  return { thinkingBudget: Math.min(wanted, traits.budgetTokens.most), includeThoughts: true };
}

/** The budgets of Google's own OpenAI endpoint; above `high` as much as the model can. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: Number.POSITIVE_INFINITY,
  max: Number.POSITIVE_INFINITY,
};

/** Where a level is missing, the next higher one. */
function levelOf(effort: string, levels: readonly string[]): string {
  const wanted = LEVELS.indexOf(effort);
  return levels.find((level) => LEVELS.indexOf(level) >= wanted) ?? levels.at(-1)!;
}

const LEVELS = ["minimal", "low", "medium", "high", "xhigh", "max"];

/** Models that cannot stop thinking think as little as they can. */
function least({ thinking, levels, budgetTokens }: ModelTraits, drop: () => void): JsonObject | undefined {
  if (thinking === "none") return undefined;
  if (thinking === "level" || budgetTokens.least > 0) drop();
  return thinking === "level" ? { thinkingLevel: levels[0] } : { thinkingBudget: budgetTokens.least };
}

function ofThinking(
  { type, budget_tokens }: JsonObject,
  traits: ModelTraits,
  drop: () => void,
): JsonObject | undefined {
  if (type === "disabled") return least(traits, drop);
  if (traits.thinking === "none") return void drop();
  if (type === "adaptive") return { includeThoughts: true };
  if (type !== "enabled" || typeof budget_tokens !== "number") return void drop();
  return { thinkingBudget: Math.min(budget_tokens, traits.budgetTokens.most), includeThoughts: true };
}
