import { isObject, type JsonObject } from "../../protocol/json.ts";
import { numberIn } from "../chat/refuse.ts";

/** Names that a client may set beside OpenAI's own and that Ollama reads in `options`. */
export const OPTIONS: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "typical_p",
  "seed",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "repeat_penalty",
  "repeat_last_n",
  "num_ctx",
  "num_keep",
  "num_predict",
]);

/** How to sample, how long to go on and how much to read. What the client says in Ollama's own `options` wins. */
export function optionsOf(chat: JsonObject, contextTokens: number | undefined): JsonObject {
  const limit = numberIn(chat, "max_completion_tokens") ?? numberIn(chat, "max_tokens");
  const named = Object.entries(chat).filter(([name, value]) => OPTIONS.has(name) && value !== null && name !== "stop");
  const stop = [chat.stop ?? []].flat();
  const options = {
    ...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),
    ...(limit === undefined ? {} : { num_predict: limit }),
    ...Object.fromEntries(named),
    ...(stop.length > 0 ? { stop } : {}),
    ...(isObject(chat.options) ? chat.options : {}),
  };
  return Object.keys(options).length > 0 ? { options } : {};
}
