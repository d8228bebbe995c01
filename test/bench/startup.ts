import { join } from "node:path";
import type { Children } from "./children.ts";
import { until } from "./children.ts";
import { createKey, demoAnswers, doors, startGatehouse } from "./gatehouse.ts";

export interface Startup {
  readonly firstMs: number;
  readonly againMs: number;
}

const LIMIT_MS = 60_000;

/** `npm start` with an empty home folder and no configuration, until a chat request is answered; then once more. */
export async function measureStartup(children: Children): Promise<Startup> {
  const data = join(children.folder, "home");
  const first = await once({ children, data });
  const again = await once({ children, data, key: first.key });
  return { firstMs: first.ms, againMs: again.ms };
}

/** The first time makes its key at the admin API, which counts; the second time uses that key. */
async function once({ children, data, key }: { children: Children; data: string; key?: string }) {
  const begin = performance.now();
  const child = startGatehouse({ children, data, by: "npm" });
  const found = await until(child, LIMIT_MS, () => doors(child));
  const used = key ?? (await until(child, LIMIT_MS, () => createKey(found))).key;
  await until(child, LIMIT_MS, () => demoAnswers(found, used));
  const ms = performance.now() - begin;
  await child.stop();
  return { ms, key: used };
}
