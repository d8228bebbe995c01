import { describe, expect, it } from "vitest";
import { discover } from "../../src/config/discover.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseConfig(text, { source: "gatehouse.yaml", env });

async function problems(text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  try {
    await parse(text, env);
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
      /^gatehouse\.yaml:2 {2}providers\.x\.kind: must be one of openai, .*, or the name of a file in plugins\/providers; did you mean 'openai'\?$/,
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
      "an unknown way to meet fields that are not supported",
      "providers: { d: { kind: demo } }\nmodels: { a: { route: d/x, onUnsupported: ignore } }",
      /^gatehouse\.yaml:2 {2}models\.a\.onUnsupported: .*"drop"\|"reject"\|"reroute"/,
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
  ] as [string, string, string | RegExp][])("%s", async (_, text, expected) => {
    const found = await problems(text);
    expect(found).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });

  it("tells all mistakes at once", async () => {
    expect(await problems("listne: {}\ndrain: { limitMs: soon }\nlimits: { maxBody: 1 }")).toHaveLength(3);
  });

  it("names the line of broken YAML", async () => {
    expect((await problems("providers:\n  a: [1\n  b: 2"))[0]).toMatch(/^gatehouse\.yaml:3/);
  });

  it("never shows a value that came from the environment", async () => {
    const text = "providers:\n  x: { kind: openai-compatible, baseUrl: ${URL}, apiKey: [${KEY}] }";
    expect((await problems(text, { KEY: "sk-very-secret", URL: "not-a-url-secret" })).join()).not.toMatch(/secret/);
  });
});

describe("references to the environment", () => {
  it("work in block and in flow style, inside other text, and with a default", async () => {
    const config = await parse(
      "providers:\n  x: { kind: openai, apiKey: ${KEY} }\n  y:\n    kind: openai-compatible\n    baseUrl: http://${HOST:-localhost}:8000/v1\n    apiKey: ${KEY}-y\n",
      { KEY: "a: {b} #c" },
    );
    expect(config.providers).toMatchObject({
      x: { settings: { apiKey: "a: {b} #c" } },
      y: { settings: { baseUrl: "http://localhost:8000/v1", apiKey: "a: {b} #c-y" } },
    });
  });
});

describe("without a configuration file", () => {
  const found = async (env: NodeJS.ProcessEnv) =>
    discover(readEnvironment({ OLLAMA_HOST: "127.0.0.1:9", ...env }), env);

  it("the demo answers every model name", async () => {
    const { config, found: providers } = await found({});
    expect(providers).toEqual([]);
    expect(config.models["*"]).toMatchObject({ route: "demo/*" });
  });

  it("keys in the environment make providers, and bare model names find theirs", async () => {
    const { config, found: providers } = await found({ ANTHROPIC_API_KEY: "a", GROQ_API_KEY: "b" });
    expect(providers.map(({ name }) => name)).toEqual(["anthropic", "groq"]);
    expect(config.models["claude-*"]).toMatchObject({ route: "anthropic/claude-*" });
    expect(config.models["*"]).toMatchObject({ route: "anthropic/*" });
    expect(config.models["groq/*"]).toMatchObject({ route: "groq/*" });
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
  it("describes every section and closes every mapping", async () => {
    const schema = (await configJsonSchema()) as { properties: object; additionalProperties: boolean };
    const sections = ["listen", "control", "limits", "drain", "plugins", "providers", "models"];
    expect(Object.keys(schema.properties)).toEqual(sections);
    expect(schema.additionalProperties).toBe(false);
  });
});
