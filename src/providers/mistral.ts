import { z } from "zod";
import type { EndpointName } from "../core/endpoint.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { asksForUsage } from "./chat/wants.ts";
import { decodeAnswer } from "./mistral/answer.ts";
import { embeddingsChanges } from "./mistral/embeddings.ts";
import { decodeMistralError } from "./mistral/error.ts";
import { decodeModerations, moderationsChanges } from "./mistral/moderations.ts";
import { chatChanges } from "./mistral/request.ts";
import { decodeEvents } from "./mistral/stream.ts";
import { openAICompatible } from "./openai-compatible.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

/** Mistral's own API: OpenAI's in most things, but strict about every name it does not know. */
export default defineProvider({
  settings: z.strictObject({ apiKey, baseUrl: baseUrl.default("https://api.mistral.ai/v1"), headers, network }),
  open: (settings, { transportTo }) => ({
    adapters: mistral(settings),
    transport: transportTo(settings.baseUrl, settings.network),
  }),
});

export interface MistralOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds; for a wait that is told as a date. */
  readonly now?: (() => number) | undefined;
}

export function mistral(options: MistralOptions = {}) {
  const like = openAICompatible({ ...options, streamUsage: false });
  const sent = {
    "content-type": "application/json",
    ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
    ...options.headers,
  };
  const adapter = (path: string, changes: Changes) => ({
    encode: encoding({ path, headers: sent, changes }),
    decodeError: (status: number, body: string, responseHeaders: Parameters<Adapter["decodeError"]>[2]) =>
      decodeMistralError(status, body, responseHeaders, options.now),
  });
  return {
    chat: {
      ...adapter("/chat/completions", chatChanges),
      decode: decodeAnswer,
      decodeStream: (bytes, { request, facts }) => decodeEvents(bytes, { facts, includeUsage: asksForUsage(request) }),
    },
    embeddings: { ...adapter("/embeddings", embeddingsChanges), decode: like.embeddings!.decode },
    moderations: { ...adapter("/moderations", moderationsChanges), decode: decodeModerations },
  } satisfies Partial<Record<EndpointName, Adapter>>;
}

/** What has to change in a request, as `JsonBody.edit` takes it; `drop` is told what cannot be honoured. */
type Changes = typeof chatChanges;

interface Wire {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly changes: Changes;
}

/** The request as it came but for what has to change: often nothing but the model's name, or not even that. */
function encoding({ path, headers, changes }: Wire): Adapter["encode"] {
  return ({ body, model }, target): Outbound => {
    const dropped = new Set<string>();
    const edits = changes(body.value, { model: target.model, drop: (name) => void dropped.add(name) });
    const changed = target.model === model ? edits : { ...edits, model: target.model };
    const text = Object.keys(changed).length > 0 ? body.edit(changed) : body.text;
    return { method: "POST", path, headers, body: text, dropped: [...dropped] };
  };
}
