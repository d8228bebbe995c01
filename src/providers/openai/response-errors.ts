import type { GatewayError } from "../../core/error.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { decodeOpenAIError } from "../openai-errors.ts";

/**
 * The error of a failed response or of an `error` event, which both come under HTTP 200. Their codes tell whose fault it
 * was: what is not the server's own is the request's (`invalid_prompt`, `image_too_large`, `bio_policy`, …).
 */
export function decodeResponseError(error: JsonObject): GatewayError {
  return decodeOpenAIError(200, JSON.stringify({ error: { ...error, status_code: statusOf(error) } }), {});
}

function statusOf({ code, type }: JsonObject): number {
  const named = `${code ?? ""} ${type ?? ""}`;
  if (/rate_limit|quota/.test(named)) return 429;
  if (/overloaded|unavailable/.test(named)) return 503;
  return /invalid|image|policy|residency|context_length|not_found|content_filter/.test(named) ? 400 : 500;
}
