import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import type { DecodeContext } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { embeddingList, textsIn } from "../embedding-list.ts";
import { usageOf } from "./answer.ts";
import { embeddedError } from "./error.ts";

/** OpenAI's embeddings as Ollama's; base64 is made of the numbers here. */
export function embedRequest(request: JsonObject, model: string): { request: JsonObject; dropped: string[] } {
  textsIn(request.input);
  const told = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
  const known = told.filter(([name]) => KNOWN.has(name));
  const dropped = told.map(([name]) => name).filter((name) => !KNOWN.has(name) && name !== "encoding_format");
  return { request: { ...Object.fromEntries(known), model }, dropped };
}

const KNOWN: ReadonlySet<string> = new Set(["model", "input", "dimensions", "truncate", "options", "keep_alive"]);

export function decodeEmbeddings(body: Buffer, context: DecodeContext): Completion {
  const answer = tryParse(body.toString());
  if (!isObject(answer) || !Array.isArray(answer.embeddings)) {
    throw (
      embeddedError(answer) ??
      new GatewayError("upstream_invalid_response", "The provider's answer holds no embeddings.")
    );
  }
  return embeddingList({ vectors: answer.embeddings, promptTokens: usageOf(answer)?.promptTokens }, context);
}
