import { z } from "zod";
import type { Completion } from "../core/answer.ts";
import type { EndpointName, OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Target } from "../core/policy.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { defineProvider, type OpenProvider, type ProviderKind, type Ways } from "../core/provider-kind.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import { openAIResponses } from "./openai/responses.ts";
import { decodeOpenAIError, embeddedError } from "./openai-errors.ts";
import { passThrough } from "./pass/adapter.ts";
import type { Preset } from "./presets.ts";
import { decodeRerank } from "./rerank-answer.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";
import { usageIn } from "./usage-in.ts";

export interface OpenAICompatibleOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Ask for usage in streams even when the client did not, and keep that event from the client.
   * Off for servers that refuse `stream_options`.
   */
  readonly streamUsage: boolean;
  /** OpenAI's own models, wherever they run. */
  readonly ownModels?: boolean;
}

const settings = z.strictObject({
  baseUrl: baseUrl.describe("Up to and with /v1, where the server has it."),
  apiKey: apiKey.optional(),
  headers,
  network,
  streamUsage: z.boolean().default(false).describe("Ask for usage in streams; off for servers that refuse it."),
  responses: z.boolean().default(false).describe("The server has /responses; else it is served over its chat."),
});

export default defineProvider({ settings, open });

/** The same, with what is known about a server of this name. */
export function presetKind({ baseUrl: at, variable, streamUsage = false, responses = false }: Preset): ProviderKind {
  return defineProvider({
    settings: settings.extend({
      baseUrl: settings.shape.baseUrl.default(at),
      apiKey: variable === undefined ? apiKey.optional() : apiKey,
      streamUsage: settings.shape.streamUsage.default(streamUsage),
      responses: settings.shape.responses.default(responses),
    }),
    open: open as ProviderKind["open"],
  });
}

function open(options: z.output<typeof settings>, { transportTo }: Ways): OpenProvider {
  const responses = options.responses ? { responses: openAIResponses(options) } : {};
  const rerank = { rerank: openAICompatibleRerank(options) };
  const adapters = { ...openAICompatible(options), ...rerank, ...responses };
  return { adapters, transport: transportTo(options.baseUrl, options.network) };
}

/** Every endpoint of a server that speaks OpenAI: the request goes on as it came but for the model's name. */
export function openAICompatible(options: OpenAICompatibleOptions): Readonly<Partial<Record<EndpointName, Adapter>>> {
  const sent = headersFor(options);
  const adapter = (path: string, streamUsage: boolean): Adapter => ({
    encode: (request, target) => encode(request, target, { path, headers: sent, streamUsage }),
    decode,
    decodeError: decodeOpenAIError,
  });
  return {
    chat: {
      ...adapter("/chat/completions", options.streamUsage),
      ...(options.ownModels ? { takesCompletionLimit: true } : {}),
    },
    completions: adapter("/completions", options.streamUsage),
    embeddings: adapter("/embeddings", false),
    moderations: adapter("/moderations", false),
    ...passThrough(sent),
  };
}

/** Not OpenAI's own, but many servers that speak it have `/rerank` beside it. */
export function openAICompatibleRerank(options: OpenAICompatibleOptions): Adapter {
  const wire = { path: "/rerank", headers: headersFor(options), streamUsage: false };
  return {
    encode: (request, target) => encode(request, target, wire),
    decode: decodeRerank,
    decodeError: decodeOpenAIError,
  };
}

function headersFor({ apiKey, headers }: OpenAICompatibleOptions): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...headers,
  };
}

interface Wire {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly streamUsage: boolean;
}

function encode(request: OpenAIRequest, target: Target, { path, headers, streamUsage }: Wire): Outbound {
  const { body, model, stream } = request;
  const hideUsage = streamUsage && stream && !asksForUsage(body.value);
  const changes: Record<string, unknown> = {};
  if (target.model !== model) changes.model = target.model;
  if (hideUsage) changes.stream_options = { ...asObject(body.value.stream_options), include_usage: true };
  const changed = target.model !== model || hideUsage;
  return {
    method: "POST",
    path,
    headers,
    body: changed ? body.edit(changes) : body.source,
    dropped: NOTHING,
    hideUsage,
  };
}

const NOTHING: readonly string[] = [];

function asksForUsage(body: JsonObject): boolean {
  return asObject(body.stream_options).include_usage === true;
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Takes the answer as it is; only its usage is read, and an error that hides under 200 is found. */
function decode(body: Buffer): Completion {
  if (!looksLikeObject(body)) {
    throw new GatewayError("upstream_invalid_response", "The provider answered with something that is not JSON.");
  }
  const usage = usageIn(body);
  // What was counted was answered; only an answer without usage is looked at for an error in its place.
  const error = usage ? undefined : errorIn(body);
  if (error) throw error;
  return { body, usage };
}

function errorIn(body: Buffer): GatewayError | undefined {
  return body.includes('"error"') ? embeddedError(tryParse(body.toString())) : undefined;
}

function looksLikeObject(body: Buffer): boolean {
  let start = 0;
  let end = body.length - 1;
  while (start < end && body[start]! <= 32) start++;
  while (end > start && body[end]! <= 32) end--;
  return body[start] === 123 && body[end] === 125;
}
