/**
 * What a model thought, sealed by Google, comes back to it in the next request unchanged. OpenAI has no field for it; this
 * is the one that Google's own OpenAI endpoint uses, on a tool call or on a message: `extra_content.google.thought_signature`.
 */
import { isObject, type JsonObject } from "../../protocol/json.ts";

export function withSignature(signature: unknown): JsonObject {
  return isSignature(signature) ? { extra_content: { google: { thought_signature: signature } } } : {};
}

/** From a tool call, an image or a message of an earlier answer. */
export function signatureOf(said: JsonObject): string | undefined {
  const google = isObject(said.extra_content) ? said.extra_content.google : undefined;
  const signature = isObject(google) ? google.thought_signature : undefined;
  return isSignature(signature) ? signature : undefined;
}

function isSignature(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Google's word for a call that was not made by this model, or whose signature a client did not keep: it is not checked. */
export const NO_SIGNATURE = "skip_thought_signature_validator";
