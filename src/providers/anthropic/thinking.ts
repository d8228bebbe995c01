import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { ModelTraits } from "./models.ts";

export interface ThinkingOptions {
  readonly traits: ModelTraits;
  /** What the client set, if anything. */
  readonly maxTokens: number | undefined;
  readonly defaultMaxTokens: number;
  /** The client demands a tool call. */
  readonly toolForced: boolean;
  readonly drop: (path: string) => void;
}

export interface Thinking {
  readonly maxTokens: number;
  readonly thinking?: JsonObject;
  /** For `output_config.effort`. */
  readonly effort?: string;
}

/** OpenAI's `reasoning_effort` in the words of the model's generation; a client that sends Anthropic's own `thinking` has the last word. */
export function thinkingOf(chat: JsonObject, options: ThinkingOptions): Thinking {
  const { traits, drop } = options;
  const maxTokens = options.maxTokens ?? options.defaultMaxTokens;
  const wanted = chat.reasoning_effort ?? undefined;
  const native = isObject(chat.thinking) ? { thinking: chat.thinking } : undefined;
  if (wanted === undefined) return { maxTokens, ...native };
  if (!isEffort(wanted) || (native && traits.thinking === "budget")) {
    drop("reasoning_effort");
    return { maxTokens, ...native };
  }
  if (wanted === "none") return { maxTokens, ...(native ?? withoutThinking(options)) };
  if (traits.thinking === "budget") return withBudget(BUDGETS[wanted]!, options);
  return { maxTokens, thinking: ADAPTIVE, ...native, effort: effortOf(wanted, traits) };
}

function isEffort(value: unknown): value is string {
  return typeof value === "string" && (value === "none" || Object.hasOwn(BUDGETS, value));
}

/** Newer models keep their thoughts to themselves unless asked; OpenAI's clients read them in `reasoning_content`. */
const ADAPTIVE: JsonObject = { type: "adaptive", display: "summarized" };

function effortOf(wanted: string, { hasExtraHighEffort }: ModelTraits): string {
  if (wanted === "minimal") return "low";
  return wanted === "xhigh" && !hasExtraHighEffort ? "max" : wanted;
}

function withoutThinking({ traits, drop }: ThinkingOptions): Partial<Thinking> {
  if (!traits.thinksByDefault) return {};
  if (traits.canStopThinking) return { thinking: { type: "disabled" } };
  drop("reasoning_effort");
  return { effort: "low" };
}

const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16384,
};

/** The API accepts no smaller budget, and none that leaves nothing of `max_tokens` to the answer. */
const MIN_BUDGET_TOKENS = 1024;

/** Thinking counts towards the limit: at most half of it is for thought, and a limit of our own grows with the budget. */
function withBudget(wanted: number, { maxTokens, defaultMaxTokens, toolForced, drop }: ThinkingOptions): Thinking {
  const limit = maxTokens ?? Math.max(defaultMaxTokens, 2 * wanted);
  // A forced tool call and a thinking budget exclude each other; the call is what the client can see.
  if (toolForced || limit <= MIN_BUDGET_TOKENS) {
    drop("reasoning_effort");
    return { maxTokens: maxTokens ?? defaultMaxTokens };
  }
  const budget = Math.max(MIN_BUDGET_TOKENS, Math.min(wanted, Math.floor(limit / 2)));
  return { maxTokens: limit, thinking: { type: "enabled", budget_tokens: budget } };
}
