import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { KINDS } from "../../src/providers/index.ts";
import { cleanEnv, type GatewayProcess, run, startGateway } from "../support/process.ts";

const root = new URL("../../", import.meta.url).pathname;
const page = (name: string) => readFile(join(root, "docs", name), "utf8");
const snippets = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);

describe("the page about providers", async () => {
  const text = await page("providers.md");
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]!);
  const env = Object.fromEntries(names.map((name) => [name, "secret"]));

  it("holds configurations that are good as they stand", async () => {
    const configs = await Promise.all(
      snippets(text, "yaml").map((yaml) => parseConfig(yaml, { source: "providers.md", env })),
    );
    expect(configs.length).toBeGreaterThan(6);
  });

  it("names every kind there is, and no other", () => {
    for (const kind of KINDS) expect(text).toContain(`\`${kind}\``);
    for (const [, kind] of text.matchAll(/kind: ([\w-]+)/g)) expect(KINDS).toContain(kind);
  });
});

describe("the page about the API", async () => {
  const text = await page("api.md");
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it("has lines for the shell that work as they stand", async () => {
    const [headers, responses, messages, embeddings, ...more] = await Promise.all(
      snippets(text, "sh").map(async (line) => {
        const here = line.replaceAll("http://127.0.0.1:4000", gateway.url);
        return (await run(["sh", "-c", here], { env: cleanEnv({ GATEHOUSE_API_KEY: gateway.key }) })).stdout;
      }),
    );
    expect(more).toEqual([]);
    expect(headers).toMatch(/^x-gatehouse-target: demo\/demo\r$/m);
    expect(JSON.parse(responses!).output[0].content[0].text).toContain("built-in demo model");
    expect(JSON.parse(messages!).content[0].text).toContain("built-in demo model");
    expect(JSON.parse(embeddings!).data.map((one: { embedding: unknown[] }) => one.embedding.length)).toEqual([
      384, 384,
    ]);
  });

  it("names headers and paths that the code has", async () => {
    const files = await readdir(join(root, "src"), { recursive: true });
    const texts = files.filter((file) => file.endsWith(".ts")).map((file) => readFile(join(root, "src", file), "utf8"));
    const sources = (await Promise.all(texts)).join("\n");
    for (const [name] of text.matchAll(/x-gatehouse-[a-z-]+/g)) expect(sources).toContain(name);
    for (const [path] of text.matchAll(/\/v1\/[a-z_]+(?:\/[a-z_]+)?/g)) expect(sources).toContain(path);
  });
});
