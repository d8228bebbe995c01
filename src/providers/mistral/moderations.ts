import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { unsupported } from "../chat/refuse.ts";
import { usageOf } from "./answer.ts";
import { embeddedError } from "./error.ts";
import { mapped, unknownFields } from "./fields.ts";
import type { ChangeOptions } from "./request.ts";

/** Mistral judges text alone. */
export function moderationsChanges(request: JsonObject, { drop }: ChangeOptions): JsonObject {
  const { input } = request;
  if (Array.isArray(input) && input.some((item) => typeof item !== "string")) throw unsupported("input", "images");
  return unknownFields(request, { known: KNOWN, drop });
}

const KNOWN = new Set(["model", "metadata", "input"]);

/** Mistral leaves it to the reader whether anything is amiss; OpenAI's clients look for `flagged`. */
export function decodeModerations(body: Buffer): Completion {
  const answer = tryParse(body.toString());
  if (!isObject(answer) || !Array.isArray(answer.results)) {
    throw (
      embeddedError(answer) ?? new GatewayError("upstream_invalid_response", "The provider's answer is no moderation.")
    );
  }
  const results = mapped(answer.results, (result: unknown) => (isObject(result) ? flagged(result) : result));
  return {
    body: results === answer.results ? body : JSON.stringify({ ...answer, results }),
    usage: usageOf(answer.usage),
  };
}

function flagged(result: JsonObject): JsonObject {
  if (typeof result.flagged === "boolean" || !isObject(result.categories)) return result;
  return { flagged: Object.values(result.categories).includes(true), ...result };
}
