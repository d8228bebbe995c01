/** From routes as they are declared to policies that run. */
import type { ModelPolicy, OnUnsupported, Policy, RouteSpec, Target, Timeouts } from "../core/policy.ts";
import { balance, fallback, retry, target } from "./policies.ts";

export interface ModelSpec {
  readonly route: RouteSpec;
  readonly timeouts: Timeouts;
  /** `drop` when absent. */
  readonly onUnsupported?: OnUnsupported;
}

/** Answers which policy stands behind a model name; undefined for a name that nothing matches. */
export type ResolveModel = (name: string) => ModelPolicy | undefined;

/** Wildcard names come from callers: this many resolved ones are remembered. */
const MAX_RESOLVED = 1000;

/**
 * Exact names win over patterns, longer patterns over shorter ones. A pattern holds one `*`; a `*` in its targets stands
 * for what it matched.
 */
export function compileModels(models: Readonly<Record<string, ModelSpec>>): ResolveModel {
  const exact = new Map<string, ModelPolicy>();
  const patterns: Pattern[] = [];
  for (const [entry, spec] of Object.entries(models)) {
    if (entry.includes("*")) patterns.push(patternOf(entry, spec));
    else exact.set(entry, modelPolicy({ name: entry, entry, spec, matched: "" }));
  }
  patterns.sort((a, b) => b.entry.length - a.entry.length);
  const resolved = new Map<string, ModelPolicy>();
  return (name) => exact.get(name) ?? resolved.get(name) ?? resolvePattern(name, patterns, resolved);
}

interface Pattern {
  readonly entry: string;
  readonly before: string;
  readonly after: string;
  readonly spec: ModelSpec;
}

function patternOf(entry: string, spec: ModelSpec): Pattern {
  const [before = "", after = ""] = entry.split("*");
  return { entry, before, after, spec };
}

function resolvePattern(
  name: string,
  patterns: readonly Pattern[],
  resolved: Map<string, ModelPolicy>,
): ModelPolicy | undefined {
  const found = patterns.find(
    ({ before, after }) =>
      name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after),
  );
  if (!found) return undefined;
  const { entry, spec, before, after } = found;
  const matched = name.slice(before.length, name.length - after.length);
  const policy = modelPolicy({ name, entry, spec, matched });
  if (resolved.size >= MAX_RESOLVED) resolved.delete(resolved.keys().next().value!);
  resolved.set(name, policy);
  return policy;
}

interface Named {
  readonly name: string;
  readonly entry: string;
  readonly spec: ModelSpec;
  readonly matched: string;
}

function modelPolicy({ name, entry, spec, matched }: Named): ModelPolicy {
  const { route, timeouts, onUnsupported = "drop" } = spec;
  return { name, entry, policy: compileRoute(route, matched), timeouts, onUnsupported };
}

function compileRoute(route: RouteSpec, matched: string): Policy {
  if (typeof route === "string") return target(parseTarget(route.replace("*", () => matched)));
  const policy = compileKind(route, matched);
  return route.retry && route.retry.times > 0 ? retry(policy, route.retry) : policy;
}

function compileKind(route: Exclude<RouteSpec, string>, matched: string): Policy {
  if (route.target !== undefined) return compileRoute(route.target, matched);
  if (route.fallback) return fallback(route.fallback.map((one) => compileRoute(one, matched)));
  const choices = route.balance ?? [];
  return balance(choices.map((one) => ({ policy: compileRoute(one, matched), weight: one.weight })));
}

/** `provider/model`; the model's own name may hold further slashes. */
export function parseTarget(name: string): Target {
  const slash = name.indexOf("/");
  return { name, provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
