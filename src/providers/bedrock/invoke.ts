/** Anthropic's models by InvokeModel: the Messages API inside Bedrock's envelope. */

import type { OpenAIRequest } from "../../core/endpoint.ts";
import { GatewayError } from "../../core/error.ts";
import type { Target } from "../../core/policy.ts";
import type { Outbound } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { messagesRequest } from "../anthropic/request.ts";
import { errorIn } from "./error.ts";
import { eventMessages } from "./event-stream.ts";

export const VERSION = "bedrock-2023-05-31";
/** Anthropic demands a limit; this one serves clients that set none. */
const DEFAULT_MAX_TOKENS = 4096;

/** Model and stream stand in the path; what is a header at Anthropic is a field here. */
export function invokeRequest(
  { body, stream }: OpenAIRequest,
  { model }: Target,
): Pick<Outbound, "path" | "body" | "dropped"> {
  const {
    body: message,
    betas,
    dropped,
  } = messagesRequest(body.value, { model, defaultMaxTokens: DEFAULT_MAX_TOKENS });
  const { model: _, stream: __, ...rest } = message;
  return {
    path: `/model/${encodeURIComponent(model)}/${stream ? "invoke-with-response-stream" : "invoke"}`,
    body: JSON.stringify({
      anthropic_version: VERSION,
      ...(betas.length > 0 ? { anthropic_beta: betas } : {}),
      ...rest,
    }),
    dropped,
  };
}

/** The events that Bedrock wraps (`{"bytes": base64}`), as the server-sent events that Anthropic would have sent. */
export async function* unwrapped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const message of eventMessages(bytes)) {
    const error = errorIn(message);
    if (error) throw error;
    if (message.headers[":event-type"] !== "chunk") continue;
    const event = tryParse(message.payload.toString());
    if (!isObject(event) || typeof event.bytes !== "string") {
      throw new GatewayError("upstream_invalid_response", "The provider sent a chunk without bytes.");
    }
    yield Buffer.from(`data: ${Buffer.from(event.bytes, "base64").toString()}\n\n`);
  }
}
