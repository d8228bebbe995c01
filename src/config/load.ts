/** Reads `gatehouse.yaml`: `${ENV}` references, the strict schema, and what a schema cannot say. */
import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { RouteSpec } from "../core/policy.ts";
import type { ProviderKind } from "../core/provider-kind.ts";
import { isObject } from "../protocol/json.ts";
import { builtInKind, KINDS } from "../providers/index.ts";
import { loadPlugin, pluginFile } from "./plugins.ts";
import { ConfigError, didYouMean, type Problem, problem, problemsOf } from "./problems.ts";
import { type Config, type ConfiguredProvider, configSchema, type RawConfig } from "./schema.ts";

/** Throws ConfigError with every mistake found, each with its path and line. */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv): Promise<Config> {
  return parseConfig(await readFile(file, "utf8"), { source: file, env });
}

export async function parseConfig(text: string, { source, env }: ParseOptions): Promise<Config> {
  const lines = new LineCounter();
  const document = parseDocument(hideReferences(text), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigError(
      source,
      document.errors.map((error) => ({
        ...problem([], showReferences(error.message.split("\n")[0]!.replace(/ at line.*$/, ""))),
        line: error.linePos?.[0].line,
      })),
    );
  }
  const problems: Problem[] = [];
  const input = resolveReferences(document.toJS() ?? {}, env, problems);
  const checked = problems.length > 0 ? undefined : await checkConfig(input);
  if (checked && "config" in checked) return checked.config;
  const located = [...problems, ...(checked?.problems ?? [])].map((p) => ({ ...p, line: lineOf(p.keys) }));
  throw new ConfigError(source, located);

  function lineOf(keys: readonly PropertyKey[]): number | undefined {
    for (let length = keys.length; length > 0; length--) {
      const parent = document.getIn(keys.slice(0, length - 1), true) as { items?: unknown[] } | undefined;
      const pair = parent?.items?.find((item) => keyOf(item) === keys[length - 1]);
      const node = (pair as { key?: Ranged })?.key ?? (document.getIn(keys.slice(0, length), true) as Ranged);
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  }
}

interface ParseOptions {
  /** What error messages call the text. */
  readonly source: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Ranged {
  readonly value?: unknown;
  readonly range?: readonly [number, number, number];
}

function keyOf(item: unknown): unknown {
  return (item as { key?: Ranged } | undefined)?.key?.value;
}

/** The schemas' word and the references between the parts, for a configuration from wherever. */
export async function checkConfig(input: unknown): Promise<{ config: Config } | { problems: Problem[] }> {
  const result = configSchema.safeParse(input);
  if (!result.success) return { problems: problemsOf(result.error.issues, input).map((found) => suggest(found)) };
  const { providers, problems } = await checkProviders(result.data, input);
  const config = { ...result.data, providers };
  const all = [...problems, ...unknownProviders(result.data)];
  return all.length > 0 ? { problems: all } : { config };
}

interface CheckedProviders {
  readonly providers: Readonly<Record<string, ConfiguredProvider>>;
  readonly problems: readonly Problem[];
}

/** Every kind of provider brings its own settings. */
async function checkProviders({ providers, plugins }: RawConfig, input: unknown): Promise<CheckedProviders> {
  const configured: Record<string, ConfiguredProvider> = {};
  const problems: Problem[] = [];
  for (const [name, { kind: kindName, ...settings }] of Object.entries(providers)) {
    const keys = ["providers", name];
    const kind = await kindNamed(kindName, plugins);
    if (typeof kind === "string") {
      problems.push(problem([...keys, "kind"], kind));
      continue;
    }
    const result = kind.settings.safeParse(settings);
    const { data } = result;
    if (data) configured[name] = { kind: kindName, settings: data, open: (ways) => kind.open(data, ways) };
    else {
      const known = Object.keys(kind.settings.shape);
      problems.push(...problemsOf(result.error!.issues, input, keys).map((found) => suggest(found, known)));
    }
  }
  return { providers: configured, problems };
}

/** The kind, or what is wrong with its name. */
async function kindNamed(name: string, plugins: string): Promise<ProviderKind | string> {
  const builtIn = await builtInKind(name);
  if (builtIn) return builtIn;
  const file = /^[a-z0-9][a-z0-9-]*$/.test(name) ? pluginFile(plugins, "providers", name) : undefined;
  if (file) return loadPlugin(file, isProviderKind);
  return `must be one of ${KINDS.join(", ")}, or the name of a file in ${plugins}/providers${didYouMean(name, KINDS)}`;
}

function isProviderKind(value: unknown): value is ProviderKind {
  return isObject(value) && value.settings instanceof z.ZodObject && typeof value.open === "function";
}

function suggest(found: Problem, known: readonly string[] = SETTINGS): Problem {
  if (found.message !== "is not a known setting") return found;
  return { ...found, message: found.message + didYouMean(String(found.keys.at(-1)), known) };
}

const SETTINGS = (
  "listen control limits drain providers models host port maxBodyBytes maxUploadBytes maxHeaderBytes maxJsonDepth maxJsonValues " +
  "headersTimeoutMs bodyTimeoutMs keepAliveMs slowReaderMs limitMs plugins route onUnsupported target balance fallback weight retry timeouts times baseDelayMs maxDelayMs firstByteMs idleMs totalMs"
).split(" ");

function unknownProviders({ models, providers }: RawConfig): Problem[] {
  const known = Object.keys(providers);
  const problems: Problem[] = [];
  for (const [name, { route }] of Object.entries(models)) {
    visitTargets(route, ["models", name, "route"], (target, keys) => {
      const provider = target.slice(0, target.indexOf("/"));
      if (provider.includes("*")) problems.push(problem(keys, "cannot have a * in the provider's name"));
      else if (!known.includes(provider)) {
        problems.push(
          problem(keys, `names the provider '${provider}', which is not declared${didYouMean(provider, known)}`),
        );
      }
      if (target.includes("*") && !name.includes("*")) {
        problems.push(problem(keys, "has a * although the model's name has none"));
      }
    });
  }
  return problems;
}

function visitTargets(
  route: RouteSpec,
  keys: readonly PropertyKey[],
  visit: (target: string, keys: readonly PropertyKey[]) => void,
): void {
  if (typeof route === "string") return visit(route, keys);
  if (route.target !== undefined) visit(route.target, [...keys, "target"]);
  for (const [index, one] of (route.fallback ?? []).entries()) visitTargets(one, [...keys, "fallback", index], visit);
  for (const [index, one] of (route.balance ?? []).entries()) visitTargets(one, [...keys, "balance", index], visit);
}

// `{ apiKey: ${KEY} }` is not YAML: the brace would end the mapping. So references travel through the parser between
// two characters that have no meaning to it.
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/g;
const HIDDEN = /\uE000([A-Za-z_][A-Za-z0-9_]*)(?:\uE001([^\uE002]*))?\uE002/g;

function hideReferences(text: string): string {
  return text.replace(REFERENCE, (_, name: string, otherwise: string | undefined) =>
    otherwise === undefined ? `\uE000${name}\uE002` : `\uE000${name}\uE001${otherwise}\uE002`,
  );
}

function showReferences(text: string): string {
  return text.replace(HIDDEN, (_, name: string) => `\${${name}}`);
}

function resolveReferences(
  value: unknown,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
  keys: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === "string") {
    return value.replace(HIDDEN, (_, name: string, otherwise: string | undefined) => {
      const found = env[name] || otherwise;
      if (found === undefined) problems.push(problem(keys, `the environment variable ${name} is not set`));
      return found ?? "";
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => resolveReferences(item, env, problems, [...keys, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      showReferences(key),
      resolveReferences(item, env, problems, [...keys, key]),
    ]),
  );
}
