import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { prepared } from "./cupboard.ts";
import { loaderOf, unpackWithDependencies } from "./debian.ts";
import { startContainer } from "./docker.ts";
import { addressOf } from "./environment.ts";
import { type Recipe, type Server, startServer } from "./server.ts";
import { firstOf, type Service, type Source } from "./service.ts";

/**
 * A real Prometheus of this suite's own, with exemplars, remote write and reloads switched on.
 * `config` is the text of its `prometheus.yml`; `files` (name → text) lie beside it, rules for example.
 * One from the environment keeps its own configuration: it has to scrape what the suite serves.
 */
export function prometheus(config: string, files: Readonly<Record<string, string>> = {}): Promise<Service | undefined> {
  const url = addressOf("prometheus");
  if (url) return Promise.resolve({ url, source: "environment", stop: async () => undefined });
  const furnish = (folder: string) => write(folder, { ...files, "prometheus.yml": config });
  return firstOf("prometheus", [
    async () => asService("docker", await startContainer("prometheus", { answers, furnish })),
    async () => asService("packages", await startServer(await recipe(furnish))),
  ]);
}

const asService = (source: Source, { port, faults, stop }: Server): Service => ({
  url: `http://127.0.0.1:${port}`,
  source,
  faults,
  stop,
});

async function recipe(furnish: (folder: string) => Promise<void>): Promise<Recipe> {
  const tree = await prometheusTree();
  const loader = await loaderOf(tree);
  return {
    name: "prometheus",
    endSignal: "SIGKILL",
    furnish,
    command: ({ port, folder }) => [
      ...[...loader, join(tree, "usr/bin/prometheus"), `--config.file=${join(folder, "prometheus.yml")}`],
      ...[`--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`],
      ...["--web.enable-lifecycle", "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"],
    ],
    answers,
  };
}

const prometheusTree = () =>
  prepared("prometheus", (folder) => unpackWithDependencies("trixie", ["prometheus"], folder));

async function write(folder: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

const answers = async (port: number): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
