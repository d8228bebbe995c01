import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { invalid } from "../chat/refuse.ts";
import { type Part, partsOf } from "./content.ts";
import type { ModelTraits } from "./models.ts";

export interface ResultPlace {
  readonly path: string;
  /** Tools by the ids of their calls. */
  readonly names: ReadonlyMap<unknown, string>;
  readonly callIds: boolean;
  readonly drop: (path: string) => void;
}

/** A tool's result, with the pictures and documents in it for `withMedia` to place. */
export function responsePart(message: JsonObject, { path, names, callIds, drop }: ResultPlace): Part {
  const { tool_call_id: id, content } = message;
  const name = names.get(id) ?? message.name;
  if (typeof name !== "string") throw invalid(`${path}.tool_call_id`, "names no tool call of this conversation");
  const parts = partsOf(content, { path: `${path}.content`, drop });
  const texts = parts.flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  const media = parts.filter(({ text }) => text === undefined);
  const response = message.is_error === true ? { error: texts.join("\n") } : resultOf(texts);
  return {
    functionResponse: {
      ...(callIds && typeof id === "string" ? { id } : {}),
      name,
      response,
      ...(media.length > 0 ? { parts: media } : {}),
    },
  };
}

/** An object stays one. For everything else Gemini reads the result under `output`. */
function resultOf(texts: readonly string[]): JsonObject {
  const [only = "", ...others] = texts;
  if (others.length > 0) return { output: texts };
  const value = /^\s*\{/.test(only) ? parseExactly(only) : undefined;
  return isObject(value) ? value : { output: only };
}

/** Older models take pictures beside the results, not in them; there are as many results as there were calls, so those come first. */
export function withMedia(parts: readonly Part[], { mediaInResults }: ModelTraits): readonly Part[] {
  if (mediaInResults) return parts;
  const media: Part[] = [];
  const rest = parts.map((part) => {
    if (!isObject(part.functionResponse) || !Array.isArray(part.functionResponse.parts)) return part;
    const { parts: inside, ...functionResponse } = part.functionResponse;
    media.push(...(inside as Part[]));
    return { functionResponse };
  });
  return media.length > 0 ? [...rest, ...media] : parts;
}
