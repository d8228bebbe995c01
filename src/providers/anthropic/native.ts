/** Anthropic's own API for clients that speak it: what they ask and what they get pass as they came. */
import type { Completion } from "../../core/answer.ts";
import type { OpenAIRequest } from "../../core/endpoint.ts";
import { GatewayError } from "../../core/error.ts";
import type { Target } from "../../core/policy.ts";
import type { Adapter } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { decodeAnthropicError, embeddedError } from "./error.ts";
import { withoutForeign } from "./foreign.ts";
import { passEvents } from "./passage.ts";
import { usageOf } from "./usage.ts";

/** Where a server of Anthropic's API expects a request, and what it wants changed in it. */
export interface NativeWire {
  path(request: OpenAIRequest, target: Target): string;
  headers(request: OpenAIRequest): Readonly<Record<string, string>>;
  /** Members of the body to be replaced, added or, for `undefined`, removed. */
  changes(request: OpenAIRequest, target: Target): JsonObject;
  /** Anthropic's own when absent. */
  readonly decodeError?: Adapter["decodeError"];
  /** Milliseconds; for waits that are told as dates. */
  readonly now?: (() => number) | undefined;
}

/** `/v1/messages` at any server of Anthropic's API, whatever it calls the path. Streams are server-sent events. */
export function nativeMessages(wire: NativeWire): Adapter {
  return {
    ...nativeCount(wire),
    decodeStream: (bytes, { facts }) => passEvents(bytes, facts),
  };
}

/** `/v1/messages/count_tokens`, which is never streamed. */
export function nativeCount({ path, headers, changes, decodeError, now = Date.now }: NativeWire): Adapter {
  return {
    encode(request, target) {
      const { messages, dropped } = withoutForeign(request.body);
      const all = { ...changes(request, target), ...messages };
      return {
        method: "POST",
        path: path(request, target),
        headers: headers(request),
        body: Object.keys(all).length > 0 ? request.body.edit(all) : request.body.source,
        dropped,
      };
    },
    decode: wholeAnswer,
    decodeError:
      decodeError ?? ((status, body, responseHeaders) => decodeAnthropicError(status, body, responseHeaders, now)),
  };
}

/** The features that the client switches on by header. */
export function betasOf({ headers }: OpenAIRequest): string[] {
  const betas = headers?.["anthropic-beta"]?.split(",").map((beta) => beta.trim()) ?? [];
  return betas.filter((beta) => beta !== "");
}

/** The model's name, where the server takes it in the body. */
export function renamed({ model }: OpenAIRequest, target: Target): JsonObject {
  return target.model === model ? {} : { model: target.model };
}

function wholeAnswer(body: Buffer): Completion {
  const answer = tryParse(body.toString());
  const error = isObject(answer) ? embeddedError(answer) : undefined;
  if (error) throw error;
  if (!isObject(answer)) {
    throw new GatewayError("upstream_invalid_response", "The provider answered with something that is no JSON object.");
  }
  return { body, usage: usageOf(answer.usage) };
}
