import { randomUUID } from "node:crypto";
import type { Adapter, ResponseHeaders } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { decodeAnswer as decodeMessage } from "./anthropic/answer.ts";
import { decodeEvents } from "./anthropic/stream.ts";
import { decodeAnswer } from "./bedrock/answer.ts";
import { bedrockEmbeddings } from "./bedrock/embeddings.ts";
import { decodeBedrockError } from "./bedrock/error.ts";
import { invokeRequest, unwrapped } from "./bedrock/invoke.ts";
import { isClaude } from "./bedrock/models.ts";
import { claudeMessages } from "./bedrock/native.ts";
import { converseRequest } from "./bedrock/request.ts";
import { settings } from "./bedrock/settings.ts";
import { decodeConverseStream } from "./bedrock/stream.ts";
import { mayAnswerByTool } from "./bedrock/structured.ts";
import { bedrockTransport } from "./bedrock/transport.ts";
import { asksForUsage } from "./chat/wants.ts";

export default defineProvider({
  settings,
  open: (options, ways) => ({
    adapters: {
      chat: bedrockChat(options),
      embeddings: bedrockEmbeddings(headersOf(options)),
      messages: claudeMessages({ headers: headersOf(options) }),
    },
    transport: bedrockTransport(options, ways),
  }),
});

export interface BedrockOptions {
  /** Sent as a bearer; without it the transport signs. */
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How Anthropic's models are asked. */
  readonly api?: "converse" | "invoke" | undefined;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
  /** For answers without the header that names them. */
  readonly newId?: (() => string) | undefined;
}

/** OpenAI's chat over Bedrock: by Converse, or for Anthropic's models by InvokeModel where that is configured. */
export function bedrockChat(options: BedrockOptions = {}): Adapter {
  const { api = "converse" } = options;
  const converse = converseChat(options);
  if (api === "converse") return converse;
  const invoke = invokeChat(options);
  const of = (model: string) => (isClaude(model) ? invoke : converse);
  return {
    encode: (request, target) => of(target.model).encode(request, target),
    decode: (body, context) => of(context.target.model).decode(body, context),
    decodeStream: (bytes, context) => of(context.target.model).decodeStream!(bytes, context),
    decodeError: converse.decodeError,
  };
}

function converseChat(options: BedrockOptions): Adapter {
  const { now = Date.now, newId = randomUUID } = options;
  const idOf = (headers: ResponseHeaders = {}) => `chatcmpl-${headers["x-amzn-requestid"] ?? newId()}`;
  const sent = headersOf(options);
  const created = () => Math.floor(now() / 1000);
  return {
    encode({ body, stream }, { model }) {
      const { body: converse, dropped } = converseRequest(body.value, model);
      const path = `/model/${encodeURIComponent(model)}/${stream ? "converse-stream" : "converse"}`;
      return { method: "POST", path, headers: sent, body: JSON.stringify(converse), dropped };
    },
    decode: (body, { request, target: { model }, headers }) =>
      decodeAnswer(body, {
        id: idOf(headers),
        created: created(),
        model,
        answerTool: mayAnswerByTool(request.body.value, model),
      }),
    decodeStream: (bytes, { request, target: { model }, headers, facts }) =>
      decodeConverseStream(bytes, {
        id: idOf(headers),
        created: created(),
        model,
        answerTool: mayAnswerByTool(request.body.value, model),
        includeUsage: asksForUsage(request),
        facts,
      }),
    decodeError: (status, body, headers) => decodeBedrockError(status, body, headers, now),
  };
}

function invokeChat(options: BedrockOptions): Adapter {
  const { now = Date.now } = options;
  const sent = headersOf(options);
  const created = () => Math.floor(now() / 1000);
  return {
    encode: (request, target) => ({ method: "POST", headers: sent, ...invokeRequest(request, target) }),
    decode: (body, { target }) => decodeMessage(body, { created: created(), model: target.model }),
    decodeStream: (bytes, { request, target, facts }) =>
      decodeEvents(unwrapped(bytes), {
        created: created(),
        model: target.model,
        includeUsage: asksForUsage(request),
        facts,
      }),
    decodeError: (status, body, headers) => decodeBedrockError(status, body, headers, now),
  };
}

/** What every request takes along; a signature comes on the way out. */
export function headersOf({ apiKey, headers }: BedrockOptions): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    accept: "application/json, application/vnd.amazon.eventstream",
    "accept-encoding": "identity",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...headers,
  };
}
