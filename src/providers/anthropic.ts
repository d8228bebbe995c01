import { z } from "zod";
import type { OpenAIRequest } from "../core/endpoint.ts";
import type { Target } from "../core/policy.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { decodeAnswer } from "./anthropic/answer.ts";
import { decodeAnthropicError } from "./anthropic/error.ts";
import { betasOf, nativeCount, nativeMessages, renamed } from "./anthropic/native.ts";
import { messagesRequest } from "./anthropic/request.ts";
import { decodeEvents } from "./anthropic/stream.ts";
import { asksForUsage } from "./chat/wants.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

export default defineProvider({
  settings: z.strictObject({ apiKey, baseUrl: baseUrl.default("https://api.anthropic.com"), headers, network }),
  open: (settings, { transportTo }) => ({
    adapters: { chat: anthropicChat(settings), ...anthropicNative(settings) },
    transport: transportTo(settings.baseUrl, settings.network),
  }),
});

export interface AnthropicOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The API's version, a date. */
  readonly version?: string | undefined;
  /** Anthropic demands a limit; this one serves clients that set none. */
  readonly defaultMaxTokens?: number | undefined;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

/** OpenAI's chat over Anthropic's Messages API. */
export function anthropicChat(options: AnthropicOptions = {}): Adapter {
  const { defaultMaxTokens = 4096, now = Date.now } = options;
  const sent = headersOf(options);
  const created = () => Math.floor(now() / 1000);
  return {
    encode: (request, target) => encode(request, target, { headers: sent, defaultMaxTokens }),
    decode: (body, { target }) => decodeAnswer(body, { created: created(), model: target.model }),
    decodeStream: (bytes, { request, target, facts }) =>
      decodeEvents(bytes, {
        created: created(),
        model: target.model,
        includeUsage: asksForUsage(request),
        facts,
      }),
    decodeError: (status, body, responseHeaders) => decodeAnthropicError(status, body, responseHeaders, now),
  };
}

/** The Messages API itself, and counting its tokens: the request goes on as it came but for the model's name. */
export function anthropicNative(options: AnthropicOptions = {}): { messages: Adapter; count_tokens: Adapter } {
  const sent = headersOf(options);
  const wire = { headers: (request: OpenAIRequest) => withClients(sent, request), changes: renamed, now: options.now };
  return {
    messages: nativeMessages({ ...wire, path: () => "/v1/messages" }),
    count_tokens: nativeCount({ ...wire, path: () => "/v1/messages/count_tokens" }),
  };
}

function headersOf({ apiKey, headers, version = "2023-06-01" }: AnthropicOptions): Wire["headers"] {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "anthropic-version": version,
    ...(apiKey ? { "x-api-key": apiKey } : {}),
    ...headers,
  };
}

/** The client's version of the API, and its features beside those that are configured. */
function withClients(headers: Wire["headers"], request: OpenAIRequest): Wire["headers"] {
  const version = request.headers?.["anthropic-version"];
  const all = version === undefined ? headers : { ...headers, "anthropic-version": version };
  const betas = betasOf(request);
  return betas.length > 0 ? withBetas(all, betas) : all;
}

interface Wire {
  readonly headers: Readonly<Record<string, string>>;
  readonly defaultMaxTokens: number;
}

function encode(request: OpenAIRequest, target: Target, { headers, defaultMaxTokens }: Wire): Outbound {
  const chat = request.body.value;
  const { body, betas, dropped } = messagesRequest(chat, { model: target.model, defaultMaxTokens });
  return {
    method: "POST",
    path: "/v1/messages",
    headers: betas.length > 0 ? withBetas(headers, betas) : headers,
    body: JSON.stringify(body),
    dropped,
  };
}

/** Features the operator switched on in the configuration stay on beside those the client asks for. */
function withBetas(headers: Wire["headers"], betas: readonly string[]): Wire["headers"] {
  const configured = headers["anthropic-beta"];
  const all = [...(configured ? [configured] : []), ...betas];
  return { ...headers, "anthropic-beta": [...new Set(all)].join(",") };
}
