import { z } from "zod";
import { defineProvider } from "../core/provider-kind.ts";
import { openAIResponses } from "./openai/responses.ts";
import { openAICompatible } from "./openai-compatible.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

/** OpenAI itself. */
export default defineProvider({
  settings: z.strictObject({
    apiKey,
    baseUrl: baseUrl.default("https://api.openai.com/v1"),
    headers,
    network,
    streamUsage: z.boolean().default(true).describe("Ask for usage in streams on the gateway's own account."),
  }),
  open: (settings, { transportTo }) => ({
    adapters: { ...openAICompatible({ ...settings, ownModels: true }), responses: openAIResponses(settings) },
    transport: transportTo(settings.baseUrl, settings.network),
  }),
});
