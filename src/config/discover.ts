/** The configuration when nobody wrote one: the providers whose keys stand in the environment, and Ollama on this machine. */
import { type Preset, presets } from "../providers/presets.ts";
import type { Environment } from "./environment.ts";
import { checkConfig } from "./load.ts";
import type { Config } from "./schema.ts";

interface Known {
  /** The provider's kind, and its name. */
  readonly name: string;
  readonly variable: string;
  /** Another one without which it cannot be reached. */
  readonly needs?: string;
  /** Model names that are this provider's without saying so. */
  readonly patterns: readonly string[];
  /** Settings besides the key. */
  readonly more?: (env: NodeJS.ProcessEnv) => object;
}

const KNOWN: readonly Known[] = [
  {
    name: "openai",
    variable: "OPENAI_API_KEY",
    patterns: ["gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*"],
  },
  { name: "anthropic", variable: "ANTHROPIC_API_KEY", patterns: ["claude-*"] },
  {
    name: "mistral",
    variable: "MISTRAL_API_KEY",
    patterns: ["mistral-*", "ministral-*", "codestral-*", "magistral-*", "pixtral-*", "open-mistral-*"],
  },
  { name: "cohere", variable: "COHERE_API_KEY", patterns: ["command-*", "c4ai-*", "embed-*", "rerank-*"] },
  { name: "gemini", variable: "GEMINI_API_KEY", patterns: ["gemini-*", "gemma-*"] },
  { name: "gemini", variable: "GOOGLE_API_KEY", patterns: ["gemini-*", "gemma-*"] },
  {
    name: "azure",
    variable: "AZURE_OPENAI_API_KEY",
    needs: "AZURE_OPENAI_ENDPOINT",
    patterns: [],
    more: ({ AZURE_OPENAI_ENDPOINT: baseUrl }) => ({ baseUrl }),
  },
  {
    // Not by AWS's common variables: those stand in many environments that have nothing to do with models.
    name: "bedrock",
    variable: "AWS_BEARER_TOKEN_BEDROCK",
    patterns: ["amazon.*", "anthropic.*", "us.*", "eu.*", "apac.*", "global.*"],
    more: ({ AWS_REGION, AWS_DEFAULT_REGION }) => ({ region: AWS_REGION || AWS_DEFAULT_REGION || "us-east-1" }),
  },
  ...Object.entries(presets as Readonly<Record<string, Preset>>).flatMap(([name, { variable, models = [] }]) =>
    variable === undefined ? [] : [{ name, variable, patterns: models }],
  ),
];

export interface Discovery {
  readonly config: Config;
  /** One line per provider found, for the start-up text: what, and from where. */
  readonly found: readonly { readonly name: string; readonly from: string }[];
}

export async function discover(environment: Environment, env: NodeJS.ProcessEnv): Promise<Discovery> {
  const set = KNOWN.filter(({ variable, needs }) => env[variable] && (needs === undefined || env[needs]));
  // Of two variables for one provider the first counts.
  const found = set.filter(({ name }, at) => set.findIndex((other) => other.name === name) === at);
  const providers: Record<string, unknown> = {};
  const models: Record<string, { route: string }> = {};
  for (const { name, variable, patterns, more } of found) {
    providers[name] = { kind: name, apiKey: env[variable], ...more?.(env) };
    for (const pattern of patterns) models[pattern] = { route: `${name}/${pattern}` };
  }
  const ollama = await findOllama(environment.OLLAMA_HOST);
  // Its OpenAI face: that passes byte by byte and has completions too. What kind `ollama` adds (the context's size, a
  // switch for thinking) has to be asked for anyway, and a configuration that asks names the kind.
  if (ollama) providers.ollama = { kind: "openai-compatible", baseUrl: `${ollama}/v1`, network: "private" };
  providers.demo = { kind: "demo" };
  providers.builtin = { kind: "builtin" };
  for (const name of Object.keys(providers)) models[`${name}/*`] = { route: `${name}/*` };
  models.demo = { route: "demo/demo" };
  // Only by its own name: an application that asks for another embedding model must not get this one's vectors.
  models["all-minilm-l6-v2"] = { route: "builtin/all-minilm-l6-v2" };
  // Unchanged applications ask for models by bare names: they go to the first provider found, else to the demo.
  models["*"] = { route: `${Object.keys(providers)[0]}/*` };
  const checked = await checkConfig({ providers, models });
  if (!("config" in checked))
    throw new Error(`internal: the discovered configuration is wrong: ${checked.problems[0]?.message}`);
  const lines = found.map(({ name, variable }) => ({ name, from: variable }));
  return { config: checked.config, found: ollama ? [...lines, { name: "ollama", from: ollama }] : lines };
}

/** An Ollama that answers quickly; one that is asleep is not worth a slow start. */
async function findOllama(host: string | undefined): Promise<string | undefined> {
  const url = host ? (/^https?:/.test(host) ? host : `http://${host}`) : "http://127.0.0.1:11434";
  try {
    const response = await fetch(new URL("/api/version", url), { signal: AbortSignal.timeout(300), redirect: "error" });
    return response.ok ? url.replace(/\/$/, "") : undefined;
  } catch {
    return undefined;
  }
}
