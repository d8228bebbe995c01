import { GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";
import { decodeOpenAIError } from "../openai-errors.ts";

/** OpenAI's errors, but for a prompt that Azure's filter stopped: some versions say so in `innererror` alone. */
export function decodeAzureError(status: number, body: string, headers: ResponseHeaders): GatewayError {
  const told = decodeOpenAIError(status, body, headers);
  if (told.code !== "upstream_invalid_request") return told;
  const json = tryParse(body);
  const error = isObject(json) && isObject(json.error) ? json.error : {};
  const inner = isObject(error.innererror) ? error.innererror : {};
  if (inner.code !== "ResponsibleAIPolicyViolation") return told;
  const words = typeof error.message === "string" ? clientText(error.message) : told.message;
  return new GatewayError("content_filter", words, { ...told.details, providerCode: "content_filter" });
}
