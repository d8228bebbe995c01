import { describe, expect, it } from "vitest";
import { discover } from "../../src/config/discover.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseConfig(text, { source: "gatehouse.yaml", env });

function problems(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parse(text, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error("the configuration was accepted");
}

describe("a configuration with mistakes", () => {
  it.each([
    ["an unknown setting", "listne: {}", "gatehouse.yaml:1  listne: is not a known setting; did you mean 'listen'?"],
    [
      "an unknown provider kind",
      "providers:\n  x: { kind: openia }",
      "gatehouse.yaml:2  providers.x.kind: must be one of openai, openai-compatible, anthropic, demo",
    ],
    ["a missing key", "providers:\n  x:\n    kind: openai", "gatehouse.yaml:2  providers.x.apiKey: is required"],
    ["a wrong type", "drain: { limitMs: soon }", "gatehouse.yaml:1  drain.limitMs: must be a number, not a string"],
    [
      "a base URL that is none",
      "providers: { x: { kind: openai-compatible, baseUrl: 'ftp://x' } }",
      "gatehouse.yaml:1  providers.x.baseUrl: must be an http or https URL",
    ],
    [
      "a target without a provider",
      "models:\n  a:\n    route: gpt",
      "gatehouse.yaml:3  models.a.route: must read provider/model",
    ],
    [
      "an undeclared provider",
      "providers: { openai: { kind: demo } }\nmodels: { a: { route: opnai/x } }",
      "gatehouse.yaml:2  models.a.route: names the provider 'opnai', which is not declared; did you mean 'openai'?",
    ],
    [
      "two kinds of route at once",
      "providers: { d: { kind: demo } }\nmodels: { a: { route: { target: d/x, fallback: [d/y] } } }",
      "gatehouse.yaml:2  models.a.route: must hold exactly one of target, balance and fallback",
    ],
    [
      "a mistake deep in a policy",
      "providers: { d: { kind: demo } }\nmodels:\n  a:\n    route:\n      fallback:\n        - balance:\n            - { target: d/x, weigth: 2 }",
      "gatehouse.yaml:7  models.a.route.fallback[0].balance[0].weigth: is not a known setting; did you mean 'weight'?",
    ],
    [
      "a star that stands for nothing",
      "providers: { d: { kind: demo } }\nmodels: { a: { route: 'd/*' } }",
      "gatehouse.yaml:2  models.a.route: has a * although the model's name has none",
    ],
    [
      "a variable that is not set",
      "providers:\n  x: { kind: openai, apiKey: ${NOT_SET} }",
      "gatehouse.yaml:2  providers.x.apiKey: the environment variable NOT_SET is not set",
    ],
  ])("%s", (_, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it("tells all mistakes at once", () => {
    expect(problems("listne: {}\ndrain: { limitMs: soon }\nlimits: { maxBody: 1 }")).toHaveLength(3);
  });

  it("names the line of broken YAML", () => {
    expect(problems("providers:\n  a: [1\n  b: 2")[0]).toMatch(/^gatehouse\.yaml:3/);
  });

  it("never shows a value that came from the environment", () => {
    const text = "providers:\n  x: { kind: openai-compatible, baseUrl: ${URL}, apiKey: [${KEY}] }";
    expect(problems(text, { KEY: "sk-very-secret", URL: "not-a-url-secret" }).join()).not.toMatch(/secret/);
  });
});

describe("references to the environment", () => {
  it("work in block and in flow style, inside other text, and with a default", () => {
    const config = parse(
      "providers:\n  x: { kind: openai, apiKey: ${KEY} }\n  y:\n    kind: openai-compatible\n    baseUrl: http://${HOST:-localhost}:8000/v1\n    apiKey: ${KEY}-y\n",
      { KEY: "a: {b} #c" },
    );
    expect(config.providers).toMatchObject({
      x: { apiKey: "a: {b} #c" },
      y: { baseUrl: "http://localhost:8000/v1", apiKey: "a: {b} #c-y" },
    });
  });
});

describe("without a configuration file", () => {
  const found = async (env: NodeJS.ProcessEnv) =>
    discover(readEnvironment({ OLLAMA_HOST: "127.0.0.1:9", ...env }), env);

  it("the demo answers every model name", async () => {
    const { config, found: providers } = await found({});
    expect(providers).toEqual([]);
    expect(config.models["*"]).toEqual({ route: "demo/*" });
  });

  it("keys in the environment make providers, and bare model names find theirs", async () => {
    const { config, found: providers } = await found({ ANTHROPIC_API_KEY: "a", GROQ_API_KEY: "b" });
    expect(providers.map(({ name }) => name)).toEqual(["anthropic", "groq"]);
    expect(config.models["claude-*"]).toEqual({ route: "anthropic/claude-*" });
    expect(config.models["*"]).toEqual({ route: "anthropic/*" });
    expect(config.models["groq/*"]).toEqual({ route: "groq/*" });
  });
});

describe("the environment", () => {
  it("is refused with the variable's name and never its value", () => {
    const read = () => readEnvironment({ DATABASE_URL: "mysql://user:secret@host/db", GATEHOUSE_PORT: "many" });
    expect(read).toThrow(/DATABASE_URL: must be a postgres:\/\/ URL/);
    expect(read).toThrow(/GATEHOUSE_PORT/);
    expect(read).not.toThrow(/secret/);
  });
});

describe("the JSON Schema", () => {
  it("describes every section and closes every mapping", () => {
    const schema = configJsonSchema() as { properties: object; additionalProperties: boolean };
    expect(Object.keys(schema.properties)).toEqual(["listen", "control", "limits", "drain", "providers", "models"]);
    expect(schema.additionalProperties).toBe(false);
  });
});
