import { isObject, type JsonObject } from "../../protocol/json.ts";
import { OPENAI_ONLY, TRANSLATED_EVERYWHERE } from "../chat/wants.ts";

type Drop = (path: string) => void;

/** Gemini's own fields of a request, which a client may send beside OpenAI's. */
export interface NativeFields {
  /** Merged over what was translated: what the client says in Gemini's own words wins. */
  readonly generationConfig: JsonObject;
  readonly toolConfig: JsonObject;
  /** Safety settings, cached content, labels. */
  readonly rest: JsonObject;
}

/**
 * Sorts out the fields that need no translation. Gemini refuses names it does not know, so every other field is named to
 * `drop`. Snake case and `extra_body.google`, as Google's own OpenAI endpoint has them, are understood.
 */
export function nativeFields(chat: JsonObject, drop: Drop): NativeFields {
  const rest: Record<string, unknown> = {};
  let generationConfig: JsonObject = {};
  let toolConfig: JsonObject = {};
  const { google, ...extra } = isObject(chat.extra_body) ? chat.extra_body : {};
  for (const name of Object.keys(extra)) drop(`extra_body.${name.slice(0, 40)}`);
  const fields = [...Object.entries(chat), ...(isObject(google) ? Object.entries(google) : [])];
  for (const [name, value] of fields) {
    if (value === null || value === undefined || TRANSLATED.has(name)) continue;
    const native = camelCase(name);
    if (native === "generationConfig" && isObject(value)) generationConfig = { ...generationConfig, ...value };
    else if (native === "toolConfig" && isObject(value)) toolConfig = { ...toolConfig, ...value };
    else if (GENERATION.has(native)) generationConfig = { ...generationConfig, [native]: value };
    else if (NATIVE.has(native)) rest[native] = value;
    else if (!OPENAI_ONLY.get(name)?.(value)) drop(name.slice(0, 60));
  }
  return { generationConfig, toolConfig, rest };
}

const NATIVE: ReadonlySet<string> = new Set(["safetySettings", "cachedContent", "labels", "modelArmorConfig"]);

/** Settings of `generationConfig` that clients send beside OpenAI's fields. */
const GENERATION: ReadonlySet<string> = new Set([
  "thinkingConfig",
  "mediaResolution",
  "speechConfig",
  "imageConfig",
  "responseModalities",
  "audioTimestamp",
]);

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const TRANSLATED: ReadonlySet<string> = new Set([
  ...TRANSLATED_EVERYWHERE,
  "web_search_options",
  "thinking",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "n",
  "logprobs",
  "top_logprobs",
  "modalities",
  "audio",
  "service_tier",
  "extra_body",
]);
