import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { EndpointName } from "../core/endpoint.ts";
import type { Adapter } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { asksForUsage } from "./chat/wants.ts";
import { decodeAnswer } from "./ollama/answer.ts";
import { decodeEmbeddings, embedRequest } from "./ollama/embeddings.ts";
import { decodeOllamaError } from "./ollama/error.ts";
import { chatRequest } from "./ollama/request.ts";
import { decodeLines } from "./ollama/stream.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

/** Ollama's own API. It has what its OpenAI face lacks: the size of the context, thinking on and off, all its options. */
export default defineProvider({
  settings: z.strictObject({
    baseUrl: baseUrl.default("http://127.0.0.1:11434").describe("Without /api or /v1."),
    apiKey: apiKey.optional().describe("For Ollama's cloud."),
    headers,
    network,
    contextTokens: z
      .int()
      .positive()
      .optional()
      .describe("Ollama's `num_ctx` where a request does not set it: longer prompts are cut without a word."),
  }),
  open: (settings, { transportTo }) => ({
    adapters: ollama(settings),
    transport: transportTo(settings.baseUrl, settings.network),
  }),
});

export interface OllamaOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly contextTokens?: number | undefined;
  /** Milliseconds; for answers that do not say when they were made. */
  readonly now?: (() => number) | undefined;
  /** Makes up what Ollama's answers and some of its tool calls have no id for. */
  readonly newId?: (() => string) | undefined;
}

export function ollama(options: OllamaOptions = {}) {
  const { apiKey, contextTokens, now = Date.now, newId = randomUUID } = options;
  const sent = {
    "content-type": "application/json",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...options.headers,
  };
  const created = () => Math.floor(now() / 1000);
  const decodeError: Adapter["decodeError"] = (status, body, responseHeaders) =>
    decodeOllamaError(status, body, responseHeaders, now);
  return {
    chat: {
      encode({ body }, { model }) {
        const dropped = new Set<string>();
        const request = chatRequest(body.value, { model, contextTokens, drop: (name) => void dropped.add(name) });
        const text = JSON.stringify(request);
        return { method: "POST", path: "/api/chat", headers: sent, body: text, dropped: [...dropped] };
      },
      decode: (body, { target }) => decodeAnswer(body, { created: created(), model: target.model, newId }),
      decodeStream: (bytes, { request, target, facts }) =>
        decodeLines(bytes, {
          created: created(),
          model: target.model,
          newId,
          includeUsage: asksForUsage(request),
          facts,
        }),
      decodeError,
    },
    embeddings: {
      encode({ body }, { model }) {
        const { request, dropped } = embedRequest(body.value, model);
        return { method: "POST", path: "/api/embed", headers: sent, body: JSON.stringify(request), dropped };
      },
      decode: decodeEmbeddings,
      decodeError,
    },
  } satisfies Partial<Record<EndpointName, Adapter>>;
}
