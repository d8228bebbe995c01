import { z } from "zod";
import type { EndpointName, OpenAIRequest } from "../core/endpoint.ts";
import type { Target } from "../core/policy.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import type { JsonObject } from "../protocol/json.ts";
import { asksForUsage } from "./chat/wants.ts";
import { decodeAnswer } from "./cohere/answer.ts";
import { batches, decodeEmbeddings, embedRequest } from "./cohere/embeddings.ts";
import { decodeCohereError } from "./cohere/error.ts";
import { chatRequest } from "./cohere/request.ts";
import { decodeRanking, rerankRequest } from "./cohere/rerank.ts";
import { decodeEvents } from "./cohere/stream.ts";
import type { Translate } from "./cohere/translate.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";
import { severally } from "./several.ts";

/** Cohere's API, version 2. */
export default defineProvider({
  settings: z.strictObject({
    apiKey,
    baseUrl: baseUrl.default("https://api.cohere.com"),
    headers,
    network,
    inputType: z
      .enum(["search_document", "search_query", "classification", "clustering"])
      .default("search_document")
      .describe("What embeddings are made for, where a request does not say so in `input_type`."),
  }),
  open: (settings, { transportTo }) => ({
    adapters: cohere(settings),
    transport: severally(transportTo(settings.baseUrl, settings.network)),
  }),
});

export interface CohereOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly inputType?: string | undefined;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

export function cohere(options: CohereOptions = {}) {
  const { apiKey, inputType = "search_document", now = Date.now } = options;
  const sent = {
    "content-type": "application/json",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...options.headers,
  };
  const created = () => Math.floor(now() / 1000);
  const decodeError: Adapter["decodeError"] = (status, body, responseHeaders) =>
    decodeCohereError(status, body, responseHeaders, now);
  return {
    chat: {
      encode: encoding({ path: "/v2/chat", headers: sent, translate: chatRequest }),
      decode: (body, { target }) => decodeAnswer(body, { created: created(), model: target.model }),
      decodeStream: (bytes, { request, target, facts }) =>
        decodeEvents(bytes, {
          created: created(),
          model: target.model,
          includeUsage: asksForUsage(request),
          facts,
        }),
      decodeError,
    },
    embeddings: {
      encode: encoding({ path: "/v2/embed", headers: sent, translate: embedRequest(inputType), split: batches }),
      decode: decodeEmbeddings,
      decodeError,
    },
    rerank: {
      encode: encoding({ path: "/v2/rerank", headers: sent, translate: rerankRequest }),
      decode: decodeRanking,
      decodeError,
    },
  } satisfies Partial<Record<EndpointName, Adapter>>;
}

interface Wire {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly translate: Translate;
  /** Where Cohere takes so much at a time: the requests that one becomes. */
  readonly split?: (request: JsonObject) => readonly JsonObject[];
}

function encoding({ path, headers, translate, split = (request) => [request] }: Wire) {
  return ({ body }: OpenAIRequest, { model }: Target): Outbound => {
    const dropped = new Set<string>();
    const translated = translate(body.value, { model, drop: (name) => void dropped.add(name) });
    const bodies = split(translated).map((one) => JSON.stringify(one));
    const outbound = { path, headers, body: bodies[0]!, dropped: [...dropped] };
    return { method: "POST", ...outbound, ...(bodies.length > 1 ? { bodies } : {}) };
  };
}
