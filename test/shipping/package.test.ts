import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, cleanEnv, run, startGateway } from "../support/process.ts";

const root = new URL("../../", import.meta.url).pathname;
const env = cleanEnv();

describe("the package", () => {
  it("installs from its tarball into an empty folder and answers from npx", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-pack-"));
    const packed = await run(["npm", "pack", "--json", "--pack-destination", folder], { cwd: root, env });
    expect(packed.stderr).not.toMatch(/npm error/);
    const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
    const listing = (await run(["tar", "-tzf", join(folder, tarball)])).stdout.split("\n");
    expect(listing).toContain("package/dist/cli/gatehouse.js");
    expect(listing).toContain("package/dist/boot/worker.js");
    for (const file of ["weights.bin", "layout.json", "vocab.txt", "kernels.wasm", "LICENSE", "NOTICE"]) {
      expect(listing).toContain(`package/models/all-minilm-l6-v2/${file}`);
    }
    expect(listing.filter((name) => /\/(test|src|\.env|\.gatehouse)\//.test(name))).toEqual([]);

    const install = await run(["npm", "install", "--no-audit", "--no-fund", join(folder, tarball)], {
      cwd: folder,
      env,
    });
    expect(install.code).toBe(0);
    const gateway = await startGateway({ command: ["npx", "gatehouse", "serve"], cwd: folder, env });
    const response = await ask(gateway.url, gateway.key!);
    expect(await response.text()).toContain("built-in demo model");
    const embedded = await fetch(`${gateway.url}/v1/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "all-minilm-l6-v2", input: "Does it find its files?" }),
    });
    expect([embedded.status, await embedded.text()]).toEqual([200, expect.stringMatching(/"embedding":\[-?0\.\d/)]);
    await gateway.stop();

    await mkdir(join(folder, "plugins/providers"), { recursive: true });
    await writeFile(
      join(folder, "plugins/providers/in-house.js"),
      `import { defineProvider, openAICompatible, z } from "gatehouse/plugin";
export default defineProvider({
  settings: z.strictObject({ baseUrl: z.url() }),
  open: ({ baseUrl }, { transportTo }) => ({
    adapters: openAICompatible({ streamUsage: true }),
    transport: transportTo(baseUrl),
  }),
});
`,
    );
    await writeFile(
      join(folder, "gatehouse.yaml"),
      'providers: { ours: { kind: in-house, baseUrl: "http://127.0.0.1:9/v1" } }\nmodels: { m: { route: ours/x } }\n',
    );
    const checked = await run(["npx", "gatehouse", "config", "check"], { cwd: folder, env });
    expect([checked.code, checked.stdout]).toEqual([0, "gatehouse.yaml is good: 1 provider, 1 model.\n"]);
    await rm(folder, { recursive: true });
  }, 180_000);
});
