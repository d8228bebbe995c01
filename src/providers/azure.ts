import { z } from "zod";
import type { EndpointName } from "../core/endpoint.ts";
import type { Adapter, Outbound } from "../core/provider.ts";
import { defineProvider } from "../core/provider-kind.ts";
import { entraToken } from "./azure/entra.ts";
import { azureErrors } from "./azure/error.ts";
import { withBearer } from "./oauth/bearer.ts";
import { openAIResponses } from "./openai/responses.ts";
import { openAICompatible } from "./openai-compatible.ts";
import { apiKey, baseUrl, headers, network } from "./settings.ts";

const text = z.string().min(1);

const settings = z
  .strictObject({
    baseUrl: baseUrl.describe(
      "The resource's endpoint: https://NAME.openai.azure.com, or one that ends in /openai/v1 or /models.",
    ),
    apiVersion: z
      .string()
      .regex(/^(v1|\d{4}-\d{2}-\d{2}(-preview)?)$/, "must be v1 or a date, such as 2024-10-21")
      .default("2024-10-21")
      .describe("A version of the API with deployments in its paths, or v1 for the one without versions."),
    deployments: z
      .record(text, text)
      .default({})
      .describe("The deployment behind a model's name; one that is not listed is a deployment's name itself."),
    apiKey: apiKey.optional(),
    token: text.optional().describe("A bearer token of Entra ID that something else renews."),
    tenantId: text.optional().describe("Entra ID, with clientId and clientSecret: the gateway fetches its tokens."),
    clientId: text.optional(),
    clientSecret: text.optional(),
    authority: baseUrl.default("https://login.microsoftonline.com").describe("Entra ID's token server."),
    headers,
    network,
    streamUsage: z.boolean().default(true).describe("Ask for usage in streams on the gateway's own account."),
  })
  .refine(
    (given) => waysIn(given) === 1,
    "needs exactly one way in: apiKey, token, or tenantId, clientId and clientSecret",
  );

type Settings = z.output<typeof settings>;

/** Azure OpenAI: OpenAI's wire, with deployments in place of models and two more ways to prove who asks. */
export default defineProvider({
  settings,
  open(options, { transportTo }) {
    const { tenantId, clientId, clientSecret, authority } = options;
    const way = transportTo(options.baseUrl, options.network);
    const adapters = azureAdapters(options);
    if (!tenantId || !clientId || !clientSecret) return { adapters, transport: way };
    const tokens = entraToken({ tenantId, clientId, clientSecret }, transportTo(authority));
    return { adapters, transport: withBearer(way, tokens) };
  },
});

type Credentials = Readonly<Record<"apiKey" | "token" | "tenantId" | "clientId" | "clientSecret", string | undefined>>;

/** NaN for one of three names without the others. */
function waysIn({ apiKey, token, tenantId, clientId, clientSecret }: Partial<Credentials>): number {
  const names = [tenantId, clientId, clientSecret].filter((name) => name !== undefined).length;
  return [apiKey, token].filter((way) => way !== undefined).length + (names === 0 ? 0 : names === 3 ? 1 : Number.NaN);
}

function azureAdapters(options: Settings): Readonly<Partial<Record<EndpointName, Adapter>>> {
  const { apiKey, token, headers, streamUsage, deployments } = options;
  const credentials = {
    ...(apiKey ? { "api-key": apiKey } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const sent = { ...credentials, ...headers };
  const likeOpenAI = {
    ...openAICompatible({ headers: sent, streamUsage, ownModels: faceOf(options) !== "models" }),
    ...(faceOf(options) === "models" ? {} : { responses: openAIResponses({ headers: sent }) }),
  };
  const place = placesOf(options);
  const adapters = Object.entries(likeOpenAI).map(([endpoint, adapter]) => [
    endpoint,
    {
      ...adapter,
      decodeError: azureErrors(adapter.decodeError),
      encode(request, target): Outbound {
        const deployment = Object.hasOwn(deployments, target.model) ? deployments[target.model]! : target.model;
        const inBody = adapter.encode(request, { ...target, model: deployment });
        return { ...inBody, path: place(inBody.path, deployment) };
      },
    } satisfies Adapter,
  ]);
  return Object.fromEntries(adapters);
}

/**
 * Azure's three faces: deployments in the path under dated versions, `/models` of its model inference, and `/openai/v1`,
 * where the model is named in the body alone.
 */
function faceOf({ baseUrl, apiVersion }: Settings): "deployments" | "models" | "v1" | "below v1" {
  const base = new URL(baseUrl).pathname.replace(/\/+$/, "");
  if (base.endsWith("/openai/v1")) return "below v1";
  if (base.endsWith("/models")) return "models";
  return apiVersion === "v1" ? "v1" : "deployments";
}

/** Responses were never under deployments: they are always asked at v1. What a resource keeps stands beside them. */
function placesOf(options: Settings): (path: string, deployment: string) => string {
  const face = faceOf(options);
  const versioned = (path: string) => `${path}${path.includes("?") ? "&" : "?"}api-version=${options.apiVersion}`;
  if (face === "below v1") return (path) => path;
  if (face === "models") return versioned;
  return (path, deployment) => {
    if (face === "v1" || path === "/responses") return `/openai/v1${path}`;
    if (KEPT.test(path)) return versioned(`/openai${path}`);
    return versioned(`/openai/deployments/${encodeURIComponent(deployment)}${path}`);
  };
}

const KEPT = /^\/(files|batches|fine_tuning)\b/;
