import { z } from "zod";
import type { Adapter } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { geminiEmbeddings } from "./gemini/batch-embed.ts";
import { geminiChat } from "./gemini/chat.ts";
import { pathOf, resourceOf } from "./gemini/path.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

/** Google's Gemini API, with a key of AI Studio. */
export default defineProvider({
  settings: z.strictObject({
    apiKey,
    baseUrl: baseUrl.default("https://generativelanguage.googleapis.com/v1beta"),
    headers,
    network,
  }),
  open: (settings, { transportTo }) => ({
    adapters: geminiAdapters(settings),
    transport: transportTo(settings.baseUrl, settings.network),
  }),
});

export interface GeminiOptions {
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

export function geminiAdapters({ apiKey, headers, now }: GeminiOptions): { chat: Adapter; embeddings: Adapter } {
  const sent = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    ...(apiKey ? { "x-goog-api-key": apiKey } : {}),
    ...headers,
  };
  return {
    chat: geminiChat({
      headers: sent,
      callIds: true,
      path: (model) => `/${pathOf(resourceOf(model))}`,
      tier: (serviceTier) => ({ body: { serviceTier } }),
      now,
    }),
    embeddings: geminiEmbeddings(sent),
  };
}
