import { afterEach, expect, test } from "vitest";
import { discover } from "../../src/config/discover.ts";
import type { Environment } from "../../src/config/environment.ts";
import { json, startUpstream, type Upstream } from "../support/upstream.ts";

let ollama: Upstream | undefined;
afterEach(async () => {
  await ollama?.close();
  ollama = undefined;
});

/** Nobody listens on port 9. */
const nowhere = { OLLAMA_HOST: "127.0.0.1:9" } as Environment;

test.each([
  ["MISTRAL_API_KEY", "mistral", ["mistral-*", "codestral-*", "magistral-*", "open-mistral-*"]],
  ["COHERE_API_KEY", "cohere", ["command-*", "embed-*", "rerank-*"]],
])("with %s set, %s serves the models that bear its names", async (variable, name, patterns) => {
  const { config, found } = await discover(nowhere, { [variable]: "secret" });
  expect(found).toEqual([{ name, from: variable }]);
  expect(Object.keys(config.models)).toEqual(expect.arrayContaining([...patterns, `${name}/*`, "*"]));
  expect(Object.keys(config.providers)[0]).toBe(name);
});

test("Azure takes an endpoint beside its key", async () => {
  const AZURE_OPENAI_API_KEY = "secret";
  expect((await discover(nowhere, { AZURE_OPENAI_API_KEY })).found).toEqual([]);
  const AZURE_OPENAI_ENDPOINT = "https://ours.openai.azure.com";
  const { config, found } = await discover(nowhere, { AZURE_OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT });
  expect(found).toEqual([{ name: "azure", from: "AZURE_OPENAI_API_KEY" }]);
  expect(config.providers.azure).toMatchObject({ settings: { baseUrl: AZURE_OPENAI_ENDPOINT } });
});

test("an Ollama that answers is reached over its OpenAI face", async () => {
  ollama = await startUpstream((_, response) => json(response, { version: "0.12.0" }));
  const { config, found } = await discover({ OLLAMA_HOST: ollama.url } as Environment, {});
  expect(found).toEqual([{ name: "ollama", from: ollama.url }]);
  expect(config.providers.ollama).toMatchObject({ kind: "openai-compatible" });
});
