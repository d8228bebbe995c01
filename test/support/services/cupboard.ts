import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "./lock.ts";

/** Where unpacked packages are kept: git-ignored, safe to delete, filled again when needed. */
const cupboard = join(import.meta.dirname, "../../../.services");

export const shelf = (name: string): string => join(cupboard, name);

export const isPrepared = (name: string): boolean => existsSync(shelf(name));

/** The folder of that name, made by `make` the first time anybody needs it; never seen half made, never made twice. */
export async function prepared(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = shelf(name);
  if (existsSync(folder)) return folder;
  return withLock(name, async () => {
    if (existsSync(folder)) return folder;
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await make(unfinished);
    await rename(unfinished, folder);
    return folder;
  });
}
