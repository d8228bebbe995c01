import type { Completion } from "../../core/answer.ts";
import type { OpenAIRequest } from "../../core/endpoint.ts";
import { GatewayError } from "../../core/error.ts";
import type { Target } from "../../core/policy.ts";
import type { Adapter, Outbound } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { readResponseUsage } from "../../protocol/responses.ts";
import { decodeOpenAIError, embeddedError } from "../openai-errors.ts";
import { goesOnFrom } from "./conversation.ts";
import { decodeResponseError } from "./response-errors.ts";
import { responseFrames } from "./response-frames.ts";

export interface OpenAIResponsesOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** After the base URL; its query too, where the server wants one. */
  readonly path?: string | undefined;
}

/** The Responses API of a server that has it: requests and answers pass as they come, but for the model's name. */
export function openAIResponses({ apiKey, headers, path = "/responses" }: OpenAIResponsesOptions = {}): Adapter {
  const sent = {
    "content-type": "application/json",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...headers,
  };
  return {
    encode: (request, target) => encode(request, target, { path, headers: sent }),
    decode,
    decodeStream: (bytes, { facts }) => responseFrames(bytes, facts),
    decodeError: decodeOpenAIError,
  };
}

type Wire = Pick<Outbound, "path" | "headers">;

function encode(request: OpenAIRequest, target: Target, { path, headers }: Wire): Outbound {
  const { body, model, conversation } = request;
  const { changes, dropped } = goesOnFrom(conversation, body.value, target.provider);
  const all = target.model === model ? changes : { ...changes, model: target.model };
  const changed = Object.keys(all).length > 0;
  return { method: "POST", path, headers, body: changed ? body.edit(all) : body.source, dropped };
}

/** Takes the answer as it is; an answer that failed is an error, although it comes under 200. */
function decode(body: Buffer): Completion {
  const answer = tryParse(body.toString());
  if (!isObject(answer)) {
    throw new GatewayError("upstream_invalid_response", "The provider answered with something that is not JSON.");
  }
  const error = failureIn(answer);
  if (error) throw error;
  return { body, usage: readResponseUsage(answer.usage) };
}

function failureIn(answer: JsonObject): GatewayError | undefined {
  if (answer.status === "failed") return decodeResponseError(isObject(answer.error) ? answer.error : {});
  return answer.object === "response" ? undefined : embeddedError(answer);
}
