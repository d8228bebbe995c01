import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import * as plugin from "../../src/plugin.ts";
import { startTestPlane } from "../support/data-plane.ts";
import { completion, json, startUpstream } from "../support/upstream.ts";

const root = new URL("../../", import.meta.url).pathname;
const page = await readFile(join(root, "docs/plugins.md"), "utf8");
const snippet = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(page)![1]!;

/** A plugin folder inside the checkout, so that the relative path to `src/plugin.ts` is the page's own. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(root, ".gatehouse-plugins-"));
  await mkdir(join(folder, "providers"));
  await writeFile(join(folder, "providers/in-house.ts"), snippet("ts"));
});
afterAll(() => rm(folder, { recursive: true }));

const here = (yaml: string) => yaml.replace(/^plugins: plugins$/m, `plugins: "${folder}"`);

describe("the page about plugins", () => {
  it("holds a plugin and a configuration that work as they stand", async () => {
    const upstream = await startUpstream((_, response) => json(response, completion("from our servers")));
    const config = here(snippet("yaml")).replace("https://models.example.com", upstream.url);
    const plane = await startTestPlane(config.replace("${COMPANY_KEY}", "ck"));
    const response = await plane.chat({ model: "support-bot" });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "from our servers" } }] });
    expect(upstream.received[0]).toMatchObject({ path: "/v1/chat/completions", headers: { "x-company-key": "ck" } });
    await plane.stop();
    await upstream.close();
  });

  it("names what `src/plugin.ts` has, and files that exist", async () => {
    const text = await readFile(join(root, "src/plugin.ts"), "utf8");
    const table = page.split("\n").filter((line) => line.startsWith("| `"));
    const names = table.flatMap((line) => [...line.split("|")[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
    for (const name of names.filter((name) => name !== "transportTo"))
      expect(text).toMatch(new RegExp(`\\b${name}\\b`));
    for (const name of Object.keys(plugin)) expect(names).toContain(name);
    for (const [, file] of page.matchAll(/`((?:src|test|plugins)\/[\w/.-]+\.ts)`/g)) {
      if (!file!.endsWith("in-house.ts")) await readFile(join(root, file!));
    }
  });
});

describe("a plugin that is broken is a mistake in the configuration", () => {
  const check = (kind: string, settings = "") =>
    parseConfig(`plugins: "${folder}"\nproviders:\n  ours: { kind: ${kind}${settings} }`, {
      source: "gatehouse.yaml",
      env: {},
    });
  const write = (name: string, text: string) => writeFile(join(folder, "providers", `${name}.ts`), text);

  it.each([
    ["without-end", "export default {", "is a plugin that cannot be loaded ("],
    ["throws", 'throw new Error("no licence");', "is a plugin that cannot be loaded (no licence)"],
    ["lost", 'import "./not-there.ts";', "is a plugin that cannot be loaded ("],
    ["empty", "export {};", "is a plugin without a fitting default export"],
    ["half", "export default { open() {} };", "is a plugin without a fitting default export"],
  ])("%s", async (name, text, message) => {
    await write(name, text);
    await expect(check(name)).rejects.toThrow(`gatehouse.yaml:3  providers.ours.kind: ${message}`);
    await expect(check(name)).rejects.toThrow(join(folder, "providers", `${name}.ts`));
  });

  it("and so are settings that it does not know, and a name that leads out of its folder", async () => {
    await expect(check("in-house", ', baseUrl: "https://x.example", companykey: k')).rejects.toThrow(
      "providers.ours.companykey: is not a known setting; did you mean 'companyKey'?",
    );
    await expect(check('"../escape"')).rejects.toThrow(
      /providers\.ours\.kind: must be one of .*, or the name of a file in/,
    );
    await expect(check("not-there")).rejects.toThrow(/or the name of a file in .*\/providers/);
  });
});
