/** Material that stays outside the repository; the suites over it run where it lies beside it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const shared = new URL("../../../shared/", import.meta.url);

/** A path under `../shared`, or undefined (and a line that says so) where it is not there. */
export function sharedPath(path: string, suite: string): string | undefined {
  const found = fileURLToPath(new URL(path, shared));
  if (existsSync(found)) return found;
  console.log(`${suite} did not run: ../shared/${path} is not there.`);
  return undefined;
}
