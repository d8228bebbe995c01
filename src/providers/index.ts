/** The list of provider kinds. Each is read when a configuration first names it: those that nobody uses cost nothing. */
import type { ProviderKind } from "../core/provider-kind.ts";
import { presets } from "./presets.ts";

type Load = () => Promise<{ readonly default: ProviderKind }>;

const wires: Readonly<Record<string, Load>> = {
  openai: () => import("./openai.ts"),
  "openai-compatible": () => import("./openai-compatible.ts"),
  anthropic: () => import("./anthropic.ts"),
  gemini: () => import("./gemini.ts"),
  vertex: () => import("./vertex.ts"),
  bedrock: () => import("./bedrock.ts"),
  azure: () => import("./azure.ts"),
  cohere: () => import("./cohere.ts"),
  ollama: () => import("./ollama.ts"),
  mistral: () => import("./mistral.ts"),
  builtin: () => import("./builtin.ts"),
  demo: () => import("./demo.ts"),
};

const named: Readonly<Record<string, Load>> = Object.fromEntries(
  Object.entries(presets).map(([kind, preset]) => [
    kind,
    async () => ({ default: (await import("./openai-compatible.ts")).presetKind(preset) }),
  ]),
);

const all: Readonly<Record<string, Load>> = { ...wires, ...named };

export const KINDS: readonly string[] = Object.keys(all);

/** Undefined for a kind that is not built in. */
export async function builtInKind(kind: string): Promise<ProviderKind | undefined> {
  return Object.hasOwn(all, kind) ? (await all[kind]!()).default : undefined;
}
