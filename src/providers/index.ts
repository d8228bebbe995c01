/** The list of provider kinds: how each turns its configuration into adapters. */
import type { Provider, Transport } from "../core/provider.ts";
import { anthropicChat } from "./anthropic.ts";
import { demo } from "./demo.ts";
import { openAICompatible } from "./openai-compatible.ts";

/** A provider as the configuration declares it; the schema in `config` says which fields a kind has. */
export type ProviderSpec =
  | (Reached & { readonly kind: "openai"; readonly streamUsage: boolean })
  | (Reached & { readonly kind: "openai-compatible"; readonly streamUsage: boolean })
  | (Reached & { readonly kind: "anthropic" })
  | { readonly kind: "demo"; readonly tokensPerSecond: number };

interface Reached {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** `transportTo` opens the way to a base URL; the kinds that need none never call it. */
export function createProvider(
  name: string,
  spec: ProviderSpec,
  transportTo: (baseUrl: string) => Transport,
): Provider {
  switch (spec.kind) {
    case "demo":
      return { name, kind: spec.kind, ...demo(spec) };
    case "anthropic":
      return { name, kind: spec.kind, adapters: { chat: anthropicChat(spec) }, transport: transportTo(spec.baseUrl) };
    case "openai":
    case "openai-compatible":
      return { name, kind: spec.kind, adapters: openAICompatible(spec), transport: transportTo(spec.baseUrl) };
  }
}
