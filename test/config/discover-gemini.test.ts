import { expect, test } from "vitest";
import { discover } from "../../src/config/discover.ts";
import { readEnvironment } from "../../src/config/environment.ts";

// Nobody listens there: no Ollama is found.
const found = (env: Record<string, string>) => discover(readEnvironment({ OLLAMA_HOST: "http://127.0.0.1:9" }), env);

test("Gemini is found by either of its two variables, once", async () => {
  for (const env of [{ GEMINI_API_KEY: "a" }, { GOOGLE_API_KEY: "b" }, { GEMINI_API_KEY: "a", GOOGLE_API_KEY: "b" }]) {
    const { config, found: providers } = await found(env);
    expect(providers).toEqual([{ name: "gemini", from: Object.keys(env)[0] }]);
    expect(config.providers.gemini).toMatchObject({ settings: { apiKey: Object.values(env)[0] } });
    expect(config.models["gemini-*"]).toMatchObject({ route: "gemini/gemini-*" });
    expect(config.models["gemma-*"]).toMatchObject({ route: "gemini/gemma-*" });
  }
});
