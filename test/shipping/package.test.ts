import { mkdtemp, readdir, rm } from "node:fs/promises";
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
    expect(listing.filter((name) => /\/(test|src|\.env|\.gatehouse)\//.test(name))).toEqual([]);

    const install = await run(["npm", "install", "--no-audit", "--no-fund", join(folder, tarball)], {
      cwd: folder,
      env,
    });
    expect(install.code).toBe(0);
    const gateway = await startGateway({ command: ["npx", "gatehouse", "serve"], cwd: folder, env });
    const response = await ask(gateway.url, gateway.key!);
    expect(await response.text()).toContain("built-in demo model");
    await gateway.stop();
    await rm(folder, { recursive: true });
  }, 180_000);
});
