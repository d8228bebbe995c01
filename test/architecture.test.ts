import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** Which part of `src` may import which other part. When a new arrow is right, change the table and say why. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  core: ["protocol"],
  // Every kind of provider brings the settings that a configuration may hold for it.
  config: ["core", "protocol", "providers"],
  endpoints: ["core", "protocol"],
  // `builtin` serves the model that runs inside this process.
  providers: ["core", "embedder", "protocol"],
  // The embedding model inside: threads, tokenizer, kernels.
  embedder: ["core", "protocol"],
  // Translations between our own endpoints, for providers that lack one.
  bridges: ["core", "protocol"],
  stores: ["core", "protocol"],
  observe: ["core", "protocol"],
  routing: ["core", "protocol"],
  stages: ["core", "protocol", "routing"],
  gateway: ["bridges", "config", "core", "providers", "routing"],
  pipeline: ["core", "stages", "gateway"],
  // Which configuration serves: builds a gateway and its road anew when the file changes.
  serving: ["config", "core", "gateway", "observe", "pipeline"],
  http: ["core", "protocol"],
  // The face that plugins see: names it has from everywhere, and nothing of its own.
  plugin: ["core", "protocol", "providers"],
  // One file per thing that starting takes; with `gateway` the only parts that name drivers.
  boot: ["config", "core", "endpoints", "gateway", "http", "observe", "routing", "serving", "stores"],
  cli: ["config", "http", "main"],
  main: ["boot", "config", "observe", "serving"],
};

const root = new URL("../src/", import.meta.url).pathname;
const files = sourceFiles(root);

describe("the architecture", () => {
  it("imports only along the table", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((to) => partOf(to) !== partOf(file) && !MAY_IMPORT[partOf(file)]?.includes(partOf(to)))
        .map((to) => `${file} imports ${to}: '${partOf(file)}' may import ${MAY_IMPORT[partOf(file)]?.join(", ")}`),
    );
    expect(wrong).toEqual([]);
  });

  it("lets plugins see `src/plugin.ts` and node alone", () => {
    const folder = new URL("../plugins/", import.meta.url).pathname;
    const plugins = sourceFiles(folder);
    const imported = plugins.flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return [...text.matchAll(/(?:from|import\(|import)\s*"([^"]+)"/g)].map((match) => match[1]!);
    });
    expect(plugins.length).toBeGreaterThan(0);
    expect(imported.filter((name) => name !== "../../src/plugin.ts" && !name.startsWith("node:"))).toEqual([]);
  });

  it("has no import circles", () => {
    expect(circles()).toEqual([]);
  });

  it("nests no folder deeper than two and has no barrels", () => {
    expect(files.filter((file) => file.split("/").length > 3)).toEqual([]);
    const barrels = files.filter((file) => /^export (\*|\{[^}]*\}) from/m.test(read(file)) && file !== "plugin.ts");
    expect(barrels).toEqual([]);
  });

  it("reads environment variables in config alone", () => {
    const readers = files.filter((file) => /process\.env[.[]/.test(read(file)));
    expect(readers.filter((file) => partOf(file) !== "config")).toEqual([]);
  });

  it("keeps stages and core free of drivers and of sockets", () => {
    const packages = /from "(undici|ioredis|pg|drizzle-orm.*|hono.*|@hono\/.*|pino|prom-client|node:(http|net|tls))"/;
    const bound = files.filter((file) =>
      ["core", "protocol", "stages", "endpoints", "providers"].includes(partOf(file)),
    );
    expect(bound.filter((file) => packages.test(read(file)))).toEqual([]);
  });

  it("talks to providers in one place: only the egress opens connections", () => {
    const dialers = files.filter((file) => /new (Pool|Agent|Client)\(|\bfetch\(/.test(read(file)));
    // The command line talks to its own control plane, start-up looks for Ollama, and pg has a Pool of its own.
    const known = ["routing/egress.ts", "cli/admin-client.ts", "config/discover.ts"];
    expect(dialers.filter((file) => !known.includes(file) && partOf(file) !== "stores")).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && statSync(join(folder, name)).isFile())
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => relative(root, join(root, dirname(file), specifier)));
}

/** The first folder, or the file's own name at the top. */
function partOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file.replace(/\.ts$/, "");
}

function circles(): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of runtimeImportsOf(file)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

/** Types are gone at run time: a circle of `import type` alone is none. */
function runtimeImportsOf(file: string): string[] {
  const lines = [...read(file).matchAll(/^(?:import(?! type)|export)[^;]*?from "(\.[^"]+\.ts)"/gm)].map(
    (match) => match[1]!,
  );
  return lines.map((specifier) => relative(root, join(root, dirname(file), specifier)));
}
