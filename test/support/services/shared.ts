import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFolder, withLock } from "./lock.ts";
import { runOwner } from "./server.ts";

/**
 * The URL of the one server that all workers of a test run share. The first to ask starts it, for as long as the run
 * lasts; the others wait and read its URL. `isUp` guards against what a run with the same process id left long ago.
 */
export function sharedUrl(
  name: string,
  start: (owner: number) => Promise<string>,
  isUp: (url: string) => Promise<boolean>,
): Promise<string> {
  const owner = runOwner();
  return withLock(`shared-${name}`, async () => {
    const note = join(stateFolder, `${name}.${owner}.url`);
    const known = await readFile(note, "utf8").catch(() => undefined);
    if (known && (await isUp(known))) return known;
    await forgetEndedRuns(name);
    const url = await start(owner);
    await writeFile(note, url);
    return url;
  });
}

async function forgetEndedRuns(name: string) {
  for (const file of await readdir(stateFolder)) {
    const [of, pid, kind] = file.split(".");
    if (of === name && kind === "url" && !isAlive(Number(pid))) await rm(join(stateFolder, file), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
