import { isObject, type JsonObject } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import { unknownFields } from "./fields.ts";
import { messagesFor } from "./messages.ts";
import { toolsFor } from "./tools.ts";

export interface ChangeOptions {
  /** As Mistral calls it. */
  readonly model: string;
  readonly drop: (path: string) => void;
}

/** The members of an OpenAI chat request that Mistral wants otherwise; undefined stands for one that has to go. */
export function chatChanges(chat: JsonObject, { model, drop }: ChangeOptions): JsonObject {
  const { effort, changes: reasoning } = reasoningFor(chat, drop);
  return {
    ...unknownFields(chat, { known: KNOWN, translated: TRANSLATED, drop }),
    ...lengthFor(chat),
    ...seedFor(chat, drop),
    ...temperatureFor(chat, drop),
    ...predictionFor(chat.prediction),
    ...formatFor(chat.response_format),
    ...reasoning,
    ...toolsFor(chat, drop),
    ...messagesFor(chat.messages, { drop, reasons: effort !== "none" && reasons(effort, chat, model) }),
  };
}

/** What Mistral's chat takes under these names; everything else it refuses with a 422. */
const KNOWN: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "temperature",
  "top_p",
  "max_tokens",
  "stop",
  "random_seed",
  "metadata",
  "response_format",
  "tools",
  "tool_choice",
  "presence_penalty",
  "frequency_penalty",
  "n",
  "prediction",
  "parallel_tool_calls",
  "prompt_mode",
  "reasoning_effort",
  "guardrails",
  "prompt_cache_key",
  "safe_prompt",
]);

/** OpenAI's names that are honoured in another way: usage comes in every stream. */
const TRANSLATED: ReadonlySet<string> = new Set(["max_completion_tokens", "seed", "stream_options"]);

function lengthFor(chat: JsonObject): JsonObject {
  const limit = numberIn(chat, "max_completion_tokens");
  return limit === undefined ? {} : { max_tokens: limit };
}

/** Mistral takes no negative seeds. */
function seedFor(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const seed = numberIn(chat, "seed");
  if (seed === undefined || chat.random_seed !== undefined) return {};
  if (seed >= 0) return { random_seed: seed };
  drop("seed");
  return {};
}

const MAX_TEMPERATURE = 1.5;

function temperatureFor(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const temperature = numberIn(chat, "temperature");
  if (temperature === undefined || temperature <= MAX_TEMPERATURE) return {};
  drop("temperature");
  return { temperature: MAX_TEMPERATURE };
}

/** OpenAI's may be a list of parts. */
function predictionFor(prediction: unknown): JsonObject {
  if (!isObject(prediction) || !Array.isArray(prediction.content)) return {};
  const content = prediction.content.map((part: unknown) => (isObject(part) ? (part.text ?? "") : part)).join("");
  return { prediction: { ...prediction, content } };
}

/** Nothing in it may be null. */
function formatFor(format: unknown): JsonObject {
  if (!isObject(format) || !isObject(format.json_schema)) return {};
  const told = Object.entries(format.json_schema).filter(([, value]) => value !== null);
  if (told.length === Object.keys(format.json_schema).length) return {};
  return { response_format: { ...format, json_schema: Object.fromEntries(told) } };
}

/** Mistral knows `high` and `none`: every effort in between is `high`, and named as not honoured to the letter. */
function reasoningFor(chat: JsonObject, drop: (path: string) => void): { effort: unknown; changes: JsonObject } {
  const effort = chat.reasoning_effort ?? undefined;
  if (effort === undefined || effort === "high" || effort === "none") return { effort, changes: {} };
  drop("reasoning_effort");
  const nearest = effort === "minimal" ? "none" : "high";
  return { effort: nearest, changes: { reasoning_effort: nearest } };
}

/** Only a model that thinks takes back what it thought. */
function reasons(effort: unknown, chat: JsonObject, model: string): boolean {
  return effort !== undefined || chat.prompt_mode === "reasoning" || model.startsWith("magistral");
}
