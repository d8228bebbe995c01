import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/load.ts";
import { cleanEnv, type GatewayProcess, run, startGateway } from "../support/process.ts";

const root = new URL("../../", import.meta.url).pathname;
const readme = await readFile(join(root, "README.md"), "utf8");
const snippets = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);

describe("every snippet of the README", () => {
  let gateway: GatewayProcess;
  let folder: string;
  beforeAll(async () => {
    gateway = await startGateway();
    // Inside the checkout, so that the snippets find the packages they import.
    folder = await mkdtemp(join(root, ".gatehouse-readme-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await gateway.stop();
  });

  const here = (snippet: string) => snippet.replaceAll("http://127.0.0.1:4000", gateway.url);
  const env = () =>
    cleanEnv({
      GATEHOUSE_API_KEY: gateway.key,
      GATEHOUSE_DATA_DIR: join(gateway.dataDir, "data"),
      GATEHOUSE_CONTROL_URL: gateway.controlUrl,
      OPENAI_API_KEY: "sk-x",
      ANTHROPIC_API_KEY: "sk-y",
      PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    });

  it("in TypeScript runs as it stands", async () => {
    const programs = snippets("ts");
    expect(programs).toHaveLength(3);
    for (const [index, program] of programs.entries()) {
      const file = join(folder, `snippet-${index}.ts`);
      await writeFile(file, here(program));
      const { stdout, stderr, code } = await run([process.execPath, file], { env: env() });
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("built-in demo model");
    }
  });

  it("for the shell runs as it stands", async () => {
    const [start, test, curl, commands] = snippets("sh") as [string, string, string, string];
    // These two are run by whoever reads this in a test's output, and by CI on a fresh clone.
    expect([start, test]).toEqual(["npm ci && npm start\n", "npm ci && npm test\n"]);
    const answer = await run(["sh", "-c", here(curl)], { env: env() });
    expect(JSON.parse(answer.stdout).choices[0].message.content).toContain("built-in demo model");
    await writeFile(join(folder, "gatehouse.yaml"), snippets("yaml")[0]!);
    for (const line of commands.trim().split("\n")) {
      const command = line.replace("gatehouse.yaml", join(folder, "gatehouse.yaml"));
      const result = await run(["sh", "-c", command], { env: env(), cwd: root });
      expect([result.code, line, result.stderr.replace(/^Shown once.*\n/, "")]).toEqual([0, line, ""]);
    }
  });

  it("in YAML is a good configuration", async () => {
    for (const text of snippets("yaml")) {
      const config = await parseConfig(text, {
        source: "README.md",
        env: { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b" },
      });
      expect(Object.keys(config.models)).toEqual(["support-bot", "claude-*"]);
    }
  });
});

describe("what the README names", () => {
  it("exists: files, scripts and environment variables", async () => {
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    for (const [, script] of readme.matchAll(
      /npm (?:run )?(start|test|bench|conformance|migrations|lint|typecheck|gatehouse)\b/g,
    )) {
      expect(scripts).toHaveProperty(script!);
    }
    for (const [, file] of readme.matchAll(/\]\(([^)]+)\)/g)) await readFile(join(root, file!));
    const environment = await readFile(join(root, "src/config/environment.ts"), "utf8");
    const ours = [...readme.matchAll(/`(GATEHOUSE_(?!TEST|API_KEY)\w+)`/g)].map((match) => match[1]!);
    for (const name of ours) expect(environment).toContain(`  ${name}:`);
    for (const [, name] of environment.matchAll(/^ {2}(GATEHOUSE_\w+):/gm)) expect(ours).toContain(name);
  });

  it("is the schema that the code has", async () => {
    const published = JSON.parse(await readFile(join(root, "docs/gatehouse.schema.json"), "utf8"));
    expect(published).toEqual(JSON.parse(JSON.stringify(await configJsonSchema())));
  });
});
