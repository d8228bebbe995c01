import { isObject, type JsonObject } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";
import { enforceable } from "./schema.ts";

export interface GenerationOptions {
  readonly thinking: JsonObject | undefined;
  /** An answer can be held to JSON: older models cannot beside tools. */
  readonly takesFormat: boolean;
  readonly drop: (path: string) => void;
}

/** How the answer is to be made: `generationConfig`, empty when the client leaves everything to the model. */
export function generationOf(chat: JsonObject, { thinking, takesFormat, drop }: GenerationOptions): JsonObject {
  const numbers = {
    temperature: numberIn(chat, "temperature"),
    topP: numberIn(chat, "top_p"),
    topK: numberIn(chat, "top_k"),
    presencePenalty: numberIn(chat, "presence_penalty"),
    frequencyPenalty: numberIn(chat, "frequency_penalty"),
    seed: numberIn(chat, "seed"),
    candidateCount: moreThanOne(numberIn(chat, "n")),
    maxOutputTokens: numberIn(chat, "max_completion_tokens") ?? numberIn(chat, "max_tokens"),
  };
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
    ...stopOf(chat.stop),
    ...logprobsOf(chat, drop),
    ...formatOf(chat.response_format, takesFormat, drop),
    ...modalitiesOf(chat, drop),
    ...(thinking ? { thinkingConfig: thinking } : {}),
  };
}

function moreThanOne(count: number | undefined): number | undefined {
  return count === 1 ? undefined : count;
}

function stopOf(stop: unknown): JsonObject {
  const sequences: unknown[] = Array.isArray(stop) ? stop : [stop ?? []].flat();
  return sequences.length > 0 ? { stopSequences: sequences } : {};
}

function logprobsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const logprobs = numberIn(chat, "top_logprobs");
  if (chat.logprobs !== true) {
    if (logprobs) drop("top_logprobs");
    return {};
  }
  return { responseLogprobs: true, ...(logprobs ? { logprobs } : {}) };
}

function formatOf(wanted: unknown, possible: boolean, drop: (path: string) => void): JsonObject {
  if (wanted === undefined || wanted === null || (isObject(wanted) && wanted.type === "text")) return {};
  const { type, json_schema } = isObject(wanted) ? wanted : {};
  if (!possible || (type !== "json_object" && type !== "json_schema")) {
    drop("response_format");
    return {};
  }
  const { schema } = isObject(json_schema) ? json_schema : {};
  if (!isObject(schema)) return { responseMimeType: "application/json" };
  const enforced = enforceable(schema, (keyword) => drop(`response_format.json_schema.schema.${keyword}`));
  return { responseMimeType: "application/json", responseJsonSchema: enforced };
}

/** Text alone is what a model answers anyway. */
function modalitiesOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const wanted = Array.isArray(chat.modalities) ? chat.modalities.filter((one) => typeof one === "string") : [];
  if (wanted.every((one) => one === "text")) {
    if (chat.audio) drop("audio");
    return {};
  }
  const responseModalities = wanted.map((one) => one.toUpperCase());
  return { responseModalities, ...speechOf(chat.audio, drop) };
}

/** Gemini's voices have names of their own; what it says is always PCM. */
function speechOf(audio: unknown, drop: (path: string) => void): JsonObject {
  if (!isObject(audio)) return {};
  if (audio.format && audio.format !== "pcm16") drop("audio.format");
  const voiceName = isObject(audio.voice) ? audio.voice.id : audio.voice;
  if (typeof voiceName !== "string") return {};
  return { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } };
}
