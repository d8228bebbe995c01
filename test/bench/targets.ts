import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, type Children, type Cores, nextMessage, until } from "./children.ts";
import { createKey, doors, startGatehouse } from "./gatehouse.ts";
import type { Door } from "./load-run.ts";

export const TARGET_NAMES = ["direct", "bare", "nginx", "gatehouse"] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** Something that answers chat requests and can be measured. */
export interface Target {
  readonly name: TargetName;
  readonly door: Door;
  readonly child: Child;
}

export interface StartOptions {
  readonly children: Children;
  readonly cores: Cores;
  readonly upstreamPort: number;
  /** More arguments for Node, where the target is a Node process. */
  readonly nodeArgs?: readonly string[];
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const ANY_KEY = "sk-bench";

/** The process that makes the load. */
export async function startLoad({ children, cores }: Pick<StartOptions, "children" | "cores">): Promise<Child> {
  const args = [here("./load.ts")];
  const child = children.start({ name: "load", command: process.execPath, args, cpu: cores.others, channel: true });
  await nextMessage(child);
  return child;
}

/** The stub upstream, which is also the target `direct`. */
export async function startStub({ children, cores }: Pick<StartOptions, "children" | "cores">): Promise<Target> {
  const args = [here("./stub-upstream.ts")];
  const child = children.start({ name: "stub", command: process.execPath, args, cpu: cores.others, channel: true });
  const { port } = await nextMessage<{ port: number }>(child);
  return { name: "direct", child, door: { port, key: ANY_KEY, pids: [child.pid] } };
}

export async function startBare(options: StartOptions): Promise<Target> {
  const { children, cores, upstreamPort, nodeArgs = [] } = options;
  const args = [...nodeArgs, here("./bare-proxy.ts"), `http://127.0.0.1:${upstreamPort}`];
  const child = children.start({ name: "bare", command: process.execPath, args, cpu: cores.measured, channel: true });
  const { port } = await nextMessage<{ port: number }>(child);
  return { name: "bare", child, door: { port, key: ANY_KEY, pids: [child.pid] } };
}

/** nginx as one process in the foreground; undefined where it is not installed. */
export async function startNginx({ children, cores, upstreamPort }: StartOptions): Promise<Target | undefined> {
  if (spawnSync("nginx", ["-v"]).status !== 0) return undefined;
  const folder = join(children.folder, "nginx");
  mkdirSync(folder);
  const port = await freePort();
  writeFileSync(join(folder, "nginx.conf"), nginxConfig({ folder, port, upstreamPort }));
  const args = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  const child = children.start({ name: "nginx", command: "nginx", args, cpu: cores.measured });
  const door: Door = { port, key: ANY_KEY, pids: [child.pid] };
  await until(child, 5000, () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => undefined,
    ),
  );
  return { name: "nginx", child, door };
}

/** The gateway with its whole road, its embedded drivers and a fresh data folder. */
export async function startGateway(options: StartOptions): Promise<Target> {
  const { children, cores, upstreamPort, nodeArgs = [] } = options;
  const config = join(children.folder, "gatehouse.yaml");
  writeFileSync(config, gatehouseConfig(upstreamPort));
  const child = startGatehouse({
    children,
    config,
    nodeArgs,
    cpu: cores.measured,
    data: join(children.folder, "data"),
  });
  const found = await until(child, 30_000, () => doors(child));
  const { key } = await until(child, 10_000, () => createKey(found));
  return { name: "gatehouse", child, door: { port: found.dataPort, key, pids: [child.pid] } };
}

const gatehouseConfig = (upstreamPort: number) => `providers:
  stub: { kind: openai-compatible, baseUrl: "http://127.0.0.1:${upstreamPort}/v1", apiKey: sk-bench }
  messages: { kind: anthropic, baseUrl: "http://127.0.0.1:${upstreamPort}", apiKey: sk-bench }
models:
  bench: { route: stub/bench }
  bench-translated: { route: messages/bench }
`;

const nginxConfig = ({ folder, port, upstreamPort }: { folder: string; port: number; upstreamPort: number }) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream stub {
    server 127.0.0.1:${upstreamPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://stub;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_buffering off;
    }
  }
}
`;

/** A port nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
