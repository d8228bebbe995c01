import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { estimateTokens } from "./count-tokens/estimate.ts";

/**
 * Counts the tokens of a conversation for providers whose API does not. Without the model's own tokenizer that is an
 * estimate, and it says so: in the header `x-gatehouse-estimated`, and in a member of its own beside Anthropic's.
 */
export const estimatedCount: Adapter = {
  encode: ({ body }: OpenAIRequest): Outbound => ({
    method: "POST",
    path: "",
    headers: {},
    body: null,
    dropped: [],
    answer: {
      complete() {
        const answer = { input_tokens: estimateTokens(body.value), estimated: true };
        return { body: JSON.stringify(answer), usage: undefined };
      },
      told: ["x-gatehouse-estimated", "input_tokens"],
    },
  }),
  decode: () => {
    throw nothingWasAsked();
  },
  decodeError: nothingWasAsked,
};

function nothingWasAsked(): GatewayError {
  return new GatewayError("internal_error", "Nothing was sent, so nothing can have come back.");
}
