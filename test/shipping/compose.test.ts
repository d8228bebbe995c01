import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readEnvironment } from "../../src/config/environment.ts";

const root = new URL("../../", import.meta.url).pathname;
const read = (file: string) => readFile(join(root, file), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Record<string, unknown> | readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly configs?: readonly { readonly source: string }[];
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
}

const compose = parse(await read("docker-compose.yml")) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  configs: Record<string, unknown>;
};
const services = Object.entries(compose.services);

/** As compose would: `${NAME:-default}` without any variable set. */
const filled = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, "$1");

describe("docker-compose.yml", () => {
  it("has the whole installation, with health checks for what others wait for", () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      "gateway",
      "grafana",
      "otel-collector",
      "postgres",
      "prometheus",
      "redis",
      "tempo",
    ]);
    expect(compose.services.redis?.image).toBe("redis:8");
    expect(compose.services.postgres?.image).toBe("postgres:18");
    for (const [, { depends_on = {} }] of services) {
      for (const [name, how] of Object.entries(depends_on)) {
        if (!Array.isArray(depends_on)) expect(compose.services[name]?.healthcheck, name).toBeDefined();
        else expect(Object.keys(compose.services)).toContain(how);
      }
    }
  });

  it("mounts only files that exist and volumes that are declared", async () => {
    for (const [, { volumes = [], configs = [] }] of services) {
      for (const [source] of volumes.map((volume) => volume.split(":") as [string])) {
        if (source.startsWith("./"))
          await expect(readFile(join(root, source)).catch((error) => error.code)).resolves.not.toBe("ENOENT");
        else expect(compose.volumes).toHaveProperty(source);
      }
      for (const { source } of configs) expect(compose.configs).toHaveProperty(source);
    }
  });

  it("gives the gateway an environment it accepts, a read-only file system and time to drain", () => {
    const { environment = {}, read_only, stop_grace_period } = compose.services.gateway!;
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value)]));
    expect(readEnvironment(env)).toMatchObject({
      DATABASE_URL: expect.stringContaining("postgres:"),
      REDIS_URL: "redis://redis:6379",
    });
    expect([read_only, stop_grace_period]).toEqual([true, "40s"]);
  });

  it("publishes nothing but the API beyond this machine", () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published.filter((port) => !port.includes(" 127.0.0.1:"))).toEqual(["gateway 4000:4000"]);
  });

  it("scrapes the gateway with the token the gateway knows", async () => {
    const prometheus = parse(await read("grafana/prometheus.yaml"));
    expect(prometheus.scrape_configs[0].static_configs[0].targets).toEqual(["gateway:4001"]);
    const secret = parse(await read("docker-compose.yml")).configs["metrics-token"].content;
    expect(filled(secret)).toBe(filled(compose.services.gateway!.environment!.GATEHOUSE_METRICS_TOKEN!));
  });
});

describe("Dockerfile", () => {
  it("copies only what exists and is not kept out, and runs without root", async () => {
    const dockerfile = await read("Dockerfile");
    const allowed = (await read(".dockerignore"))
      .split("\n")
      .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
    for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of sources!.split(" ")) expect(allowed).toContain(source.replace("./", ""));
    }
    expect(dockerfile.lastIndexOf("USER node")).toBeGreaterThan(dockerfile.lastIndexOf("COPY"));
    const { scripts } = JSON.parse(await read("package.json"));
    const entry = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)![1]!).join(" ");
    expect(`${entry} serve`).toBe(scripts.start);
  });
});
