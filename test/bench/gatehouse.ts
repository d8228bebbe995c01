import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Child, Children } from "./children.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What `npm start` runs: `node`, its own arguments, the file and the command. */
const START = startCommand();
const ADMIN_TOKEN = "bench-admin-token-of-one-run-0001";

export interface GatehouseOptions {
  readonly children: Children;
  readonly data: string;
  readonly config?: string;
  readonly nodeArgs?: readonly string[];
  readonly cpu?: number | undefined;
  /** `npm` starts it as a user does; else Node runs it with the arguments of `npm start`. */
  readonly by?: "npm" | "node";
}

/** Starts the gateway on free ports, with its own data folder and nothing else taken from this environment. */
export function startGatehouse(options: GatehouseOptions): Child {
  const { children, data, config, nodeArgs = [], cpu, by = "node" } = options;
  return children.start({
    name: "gatehouse",
    command: by === "npm" ? "npm" : process.execPath,
    args: by === "npm" ? ["start"] : [...nodeArgs, ...START.slice(1)],
    env: gatehouseEnvironment({ data, config }),
    cwd: ROOT,
    group: by === "npm",
    cpu,
  });
}

function startCommand(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  const words = scripts.start.split(" ");
  if (words[0] !== "node") throw new Error(`npm start should run node, not: ${scripts.start}`);
  return words;
}

/** No service, no provider's key and no setting of the one who runs the bench may reach the gateway. */
function gatehouseEnvironment({ data, config }: { data: string; config?: string | undefined }): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^GATEHOUSE_|_API_KEY$|^(DATABASE|REDIS)_URL$|^OLLAMA_|^NODE_CHANNEL_/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    HOME: data,
    GATEHOUSE_DATA_DIR: join(data, ".gatehouse"),
    GATEHOUSE_HOST: "127.0.0.1",
    GATEHOUSE_PORT: "0",
    GATEHOUSE_CONTROL_PORT: "0",
    GATEHOUSE_ADMIN_TOKEN: ADMIN_TOKEN,
    ...(config === undefined ? {} : { GATEHOUSE_CONFIG: config }),
  };
}

export interface Doors {
  readonly dataPort: number;
  readonly controlPort: number;
}

/** The two addresses the gateway prints when it is up; undefined before that. */
export async function doors(child: Child): Promise<Doors | undefined> {
  const printed = child.output();
  const data = /http:\/\/[\w.[\]:]*?:(\d+)\/v1\b/.exec(printed);
  const control = [...printed.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].find((found) => found[1] !== data?.[1]);
  return data && control ? { dataPort: Number(data[1]), controlPort: Number(control[1]) } : undefined;
}

/** A fresh key from the admin API; undefined while the control plane does not answer. */
export async function createKey({ controlPort }: Doors): Promise<{ key: string } | undefined> {
  const response = await post(`http://127.0.0.1:${controlPort}/admin/v1/keys`, ADMIN_TOKEN, { name: "bench" });
  if (!response) return undefined;
  if (response.status !== 201) throw new Error(`no key: ${response.status} ${await response.text()}`);
  return (await response.json()) as { key: string };
}

/** Whether the gateway answers a chat request to its built-in model with text; undefined while it does not listen. */
export async function demoAnswers({ dataPort }: Doors, key: string): Promise<true | undefined> {
  const body = { model: "demo", messages: [{ role: "user", content: "Are you there?" }] };
  const response = await post(`http://127.0.0.1:${dataPort}/v1/chat/completions`, key, body);
  if (!response) return undefined;
  if (response.status !== 200) throw new Error(`no answer: ${response.status} ${await response.text()}`);
  const answer = (await response.json()) as { choices: { message: { content: string } }[] };
  if (!answer.choices[0]?.message.content) throw new Error(`an empty answer: ${JSON.stringify(answer)}`);
  return true;
}

const post = (url: string, token: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
