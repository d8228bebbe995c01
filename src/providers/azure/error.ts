import { GatewayError } from "../../core/error.ts";
import type { Adapter } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { clientText } from "../../protocol/refusal.ts";

/** OpenAI's errors, but for a prompt that Azure's filter stopped: some versions say so in `innererror` alone. */
export function azureErrors(decodeError: Adapter["decodeError"]): Adapter["decodeError"] {
  return (status, body, headers) => {
    const told = decodeError(status, body, headers);
    if (told.code !== "upstream_invalid_request") return told;
    const json = tryParse(body);
    const error = isObject(json) && isObject(json.error) ? json.error : {};
    const inner = isObject(error.innererror) ? error.innererror : {};
    if (inner.code !== "ResponsibleAIPolicyViolation") return told;
    const words = typeof error.message === "string" ? clientText(error.message) : told.message;
    return new GatewayError("content_filter", words, { ...told.details, providerCode: "content_filter" });
  };
}
