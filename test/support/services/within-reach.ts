import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.ts";
import { run } from "./run.ts";
import type { User } from "./server.ts";

/** `tree` itself where that user can get to it, else a copy for everybody: a checkout in a private home is out of reach. */
export async function withinReach(tree: string, user: User | undefined): Promise<string> {
  if (!user || (await isOpen(tree))) return tree;
  const copy = join(tmpdir(), `gatehouse-${basename(tree)}-for-${user.uid}`);
  await withLock(basename(copy), async () => {
    if (!existsSync(copy)) await run("cp", ["-a", "--reflink=auto", tree, copy]);
  });
  return copy;
}

/** Whether every folder on the way lets everybody pass. */
async function isOpen(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return path === "/" || isOpen(dirname(path));
}
