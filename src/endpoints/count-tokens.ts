import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { anthropicErrors } from "./anthropic-errors.ts";
import { readConversation } from "./messages.ts";
import { modelOf } from "./openai-request.ts";

/** How many tokens a conversation of Anthropic's API would cost, without an answer. */
export const countTokens: Endpoint<OpenAIRequest> = {
  name: "count_tokens",
  path: "/v1/messages/count_tokens",
  modelOf,
  streams: () => false,
  errors: anthropicErrors,
  idHeader: "request-id",
  namesFiles: true,
  read: (body, headers) => ({ ...readConversation(body, headers), stream: false }),
};
