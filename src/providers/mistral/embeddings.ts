import type { JsonObject } from "../../protocol/json.ts";
import { unsupported } from "../chat/refuse.ts";
import { unknownFields } from "./fields.ts";
import type { ChangeOptions } from "./request.ts";

/** OpenAI's `dimensions` is Mistral's `output_dimension`; its input is text alone. */
export function embeddingsChanges(request: JsonObject, { drop }: ChangeOptions): JsonObject {
  const { input, dimensions } = request;
  if (Array.isArray(input) && input.some((item) => typeof item !== "string"))
    throw unsupported("input", "token numbers");
  return {
    ...unknownFields(request, { known: KNOWN, translated: TRANSLATED, drop }),
    ...(dimensions === undefined || dimensions === null ? {} : { output_dimension: dimensions }),
  };
}

const KNOWN = new Set(["model", "metadata", "input", "output_dimension", "output_dtype", "encoding_format"]);
const TRANSLATED = new Set(["dimensions"]);
