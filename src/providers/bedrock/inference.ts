import { isObject, type JsonObject } from "../../protocol/json.ts";
import { samplersOf } from "../anthropic/samplers.ts";
import { thinkingOf } from "../anthropic/thinking.ts";
import { numberIn } from "../chat/refuse.ts";
import type { ModelTraits } from "./models.ts";

export interface InferenceOptions {
  readonly traits: ModelTraits;
  readonly toolForced: boolean;
  readonly drop: (path: string) => void;
}

export interface Inference {
  readonly inferenceConfig: JsonObject;
  /** What only this model's family knows, for `additionalModelRequestFields`. */
  readonly additional: JsonObject;
}

/** Length, samplers, stop sequences and how much to think, in Converse's words and the family's. */
export function inferenceOf(chat: JsonObject, options: InferenceOptions): Inference {
  const older = numberIn(chat, "max_tokens");
  // The newer name wins.
  const maxTokens = numberIn(chat, "max_completion_tokens") ?? older;
  if (older !== undefined && older !== maxTokens) options.drop("max_tokens");
  const thought = options.traits.claude ? claudeThought(chat, options, maxTokens) : thoughtOf(chat, options);
  const { temperature, top_p, top_k } = samplers(chat, options, thought.thinking);
  const stopSequences = stopOf(chat.stop, options);
  if (chat.betas && !options.traits.claude) options.drop("betas");
  return {
    inferenceConfig: {
      // Left out, the limit is the model's own.
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(top_p === undefined ? {} : { topP: top_p }),
      ...(stopSequences.length > 0 ? { stopSequences } : {}),
    },
    additional: { ...thought, ...topKOf(top_k, options.traits) },
  };
}

function samplers(chat: JsonObject, { traits, drop }: InferenceOptions, thinking: unknown): JsonObject {
  if (traits.claude) {
    return samplersOf(chat, { traits: traits.claude, thinking: isObject(thinking) ? thinking : undefined, drop });
  }
  const temperature = numberIn(chat, "temperature");
  // Converse's scale ends at 1, OpenAI's at 2.
  if (temperature !== undefined && temperature > 1) drop("temperature");
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: numberIn(chat, "top_p"),
    top_k: numberIn(chat, "top_k"),
  };
}

function topKOf(top_k: unknown, { family }: ModelTraits): JsonObject {
  if (top_k === undefined) return {};
  return family === "nova" ? { inferenceConfig: { topK: top_k } } : { top_k };
}

/** Claude refuses stop sequences without a visible character. */
function stopOf(stop: unknown, { traits, drop }: InferenceOptions): unknown[] {
  const wanted: unknown[] = [stop ?? []].flat();
  const kept = wanted.filter((one) => typeof one === "string" && (traits.claude ? /\S/.test(one) : one !== ""));
  if (kept.length < wanted.length) drop("stop");
  return kept;
}

/** Anthropic's own fields pass through Converse. */
function claudeThought(chat: JsonObject, options: InferenceOptions, maxTokens: number | undefined): JsonObject {
  const { traits, toolForced, drop } = options;
  const { thinking, effort } = thinkingOf(chat, {
    traits: traits.claude!,
    maxTokens,
    defaultMaxTokens: ASSUMED_MAX_TOKENS,
    toolForced,
    drop,
  });
  const { format: _, ...own } = isObject(chat.output_config) ? chat.output_config : {};
  const config = { ...(effort ? { effort } : {}), ...own };
  return {
    ...(thinking ? { thinking } : {}),
    ...(Object.keys(config).length > 0 ? { output_config: config } : {}),
    ...(Array.isArray(chat.betas) && chat.betas.length > 0 ? { anthropic_beta: chat.betas } : {}),
  };
}

/** Where the client sets no limit, every Claude that thinks has room for more than the largest budget. */
const ASSUMED_MAX_TOKENS = 32_768;

function thoughtOf(chat: JsonObject, { traits, drop }: InferenceOptions): JsonObject {
  const { family, thinks } = traits;
  const wanted = chat.reasoning_effort ?? undefined;
  if (wanted === undefined) return {};
  const effort = typeof wanted === "string" ? EFFORTS.get(wanted) : undefined;
  if (family === "nova" && thinks && effort) {
    return { reasoningConfig: { type: "enabled", maxReasoningEffort: effort } };
  }
  if (family === "gpt-oss" && effort) return { reasoning_effort: effort };
  // Nova thinks only when asked to.
  if (wanted !== "none" || family !== "nova") drop("reasoning_effort");
  // gpt-oss cannot stop.
  return family === "gpt-oss" && wanted === "none" ? { reasoning_effort: "low" } : {};
}

const EFFORTS: ReadonlyMap<string, string> = new Map([
  ["minimal", "low"],
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "high"],
  ["max", "high"],
]);
