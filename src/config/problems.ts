/** Mistakes in a configuration, each with its path, its line where there is one, and what to write instead. */
import type { z } from "zod";

export interface Problem {
  /** For example `models.support-bot.route.fallback[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly keys: readonly PropertyKey[];
  readonly message: string;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(source: string, problems: readonly (Problem & { line?: number | undefined })[]) {
    const lines = problems.map(({ path, message, line }) => {
      const place = line === undefined ? source : `${source}:${line}`;
      return `  ${place}  ${path === "" ? "" : `${path}: `}${message}`;
    });
    super(
      `The configuration has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}:\n${lines.join("\n")}`,
    );
    this.problems = problems;
  }
}

export function problem(keys: readonly PropertyKey[], message: string): Problem {
  return { path: pathOf(keys), keys, message };
}

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    const name = String(key);
    const step = /^[\w*/.:-]+$/.test(name) ? name : JSON.stringify(name);
    return path === "" ? step : `${path}.${step}`;
  }, "");
}

type Issue = z.core.$ZodIssue;

/** Zod's issues in our words; `input` is the configuration they are about, `known` the names allowed at a path. */
export function problemsOf(issues: readonly Issue[], input: unknown, base: readonly PropertyKey[] = []): Problem[] {
  return issues.flatMap((issue) => {
    const keys = [...base, ...issue.path];
    if (issue.code === "invalid_union") return unionProblems(issue, input, keys);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => problem([...keys, key], "is not a known setting"));
    if (issue.code === "invalid_type") return [problem(keys, typeMessage(issue, valueAt(input, keys)))];
    return [problem(keys, lowerFirst(issue.message))];
  });
}

/** Of a union's branches, the complaint of the one that fits the kind of value somebody wrote. */
function unionProblems(
  issue: Issue & { code: "invalid_union" },
  input: unknown,
  keys: readonly PropertyKey[],
): Problem[] {
  const value = valueAt(input, keys);
  const discriminator = (issue as { discriminator?: string }).discriminator;
  if (discriminator !== undefined) {
    const options = ((issue as { options?: readonly unknown[] }).options ?? []).map(String);
    return [
      problem(keys.at(-1) === discriminator ? keys : [...keys, discriminator], `must be one of ${options.join(", ")}`),
    ];
  }
  const branches = issue.errors.map((errors) => problemsOf(errors, input, keys));
  const rightType = branches.filter(
    (_, index) => !issue.errors[index]!.some((e) => e.path.length === 0 && e.code === "invalid_type"),
  );
  const fitting = (rightType.length > 0 ? rightType : branches).sort((a, b) => a.length - b.length)[0];
  return fitting && fitting.length > 0 ? fitting : [problem(keys, `cannot be ${describe(value)}`)];
}

function typeMessage(issue: Issue & { code: "invalid_type" }, value: unknown): string {
  if (value === undefined) return "is required";
  return `must be ${article(issue.expected)}, not ${describe(value)}`;
}

function article(expected: string): string {
  const words: Record<string, string> = {
    record: "a mapping",
    object: "a mapping",
    int: "a whole number",
    array: "a list",
  };
  return words[expected] ?? `a ${expected}`;
}

/** A value's kind, never the value: it may be a secret. */
function describe(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : `a ${typeof value}`;
}

function valueAt(input: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The name somebody probably meant. */
export function didYouMean(name: string, known: Iterable<string>): string {
  let best = "";
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === "" ? "" : `; did you mean '${best}'?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}
