/** `npm run bench`: what the gateway costs, against a bare proxy, nginx and nothing, on the same machine in turns. */
import { spawnSync } from "node:child_process";
import { Children, type Cores, findCores } from "./children.ts";
import { type Embedding, embeddingTable, measureEmbedding } from "./embed.ts";
import { type Bench, measure } from "./measure.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { profile } from "./profile.ts";
import { makeResult, notesOn, type Result } from "./report.ts";
import { measureStartup } from "./startup.ts";
import { resultTable } from "./table.ts";
import { startBare, startGateway, startLoad, startNginx, startStub, type Target } from "./targets.ts";

const show = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

async function run(options: Options, children: Children): Promise<void> {
  const notes: string[] = [];
  const cores = findCores();
  if (cores.measured === undefined) notes.push("Processes could not be pinned to cores: all share what there is.");
  const startsUp = options.parts.has("startup") && options.targets.has("gatehouse") && !options.profile;
  if (startsUp) show("start-up");
  const startup = startsUp ? await measureStartup(children) : undefined;
  const embeds = options.parts.has("embed") && options.targets.has("gatehouse") && !options.profile;
  if (embeds) show("embed");
  const embed = embeds ? await measureEmbedding(children, options.plan) : null;
  if (embed && options.parts.size === 1) return tell({ embed }, options);

  if (cores.others !== undefined) spawnSync("taskset", ["-cp", String(cores.others), String(process.pid)]);
  const stub = await startStub({ children, cores });
  const bench: Bench = { load: await startLoad({ children, cores }), plan: options.plan, progress: show };
  if (options.profile) {
    const report = await profile({ children, cores, upstreamPort: stub.door.port }, bench);
    show("");
    console.log(report);
    return;
  }
  const targets = await startTargets({ options, children, cores, stub, notes });
  const samples = await measure(targets, options.parts, bench);

  const result = makeResult(samples, startup);
  notes.push(...notesOn(result));
  tell({ ...result, embed }, options);
  if (notes.length > 0) (options.json ? console.error : console.log)(`\n${notes.join("\n")}`);
}

type Told = { readonly embed: Embedding | null } | (Result & { readonly embed: Embedding | null });

function tell(told: Told, { json }: Options): void {
  show("");
  if (json) return console.log(JSON.stringify(told));
  const tables = ["rows" in told ? resultTable(told) : "", told.embed ? embeddingTable(told.embed) : ""];
  console.log(tables.filter((text) => text !== "").join("\n\n"));
}

interface Needed {
  readonly options: Options;
  readonly children: Children;
  readonly cores: Cores;
  readonly stub: Target;
  readonly notes: string[];
}

/** All of them run from the beginning, so that memory and caches are shared alike in every round. */
async function startTargets({ options, children, cores, stub, notes }: Needed): Promise<Target[]> {
  const start = { children, cores, upstreamPort: stub.door.port };
  const { targets } = options;
  const started: Target[] = targets.has("direct") ? [stub] : [];
  if (targets.has("bare")) started.push(await startBare(start));
  const nginx = targets.has("nginx") ? await startNginx(start) : undefined;
  if (nginx) started.push(nginx);
  else if (targets.has("nginx")) notes.push("nginx is not installed here, so its row is missing.");
  if (targets.has("gatehouse")) started.push(await startGateway(start));
  return started;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return;
  }
  const children = new Children();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => children.stopAll().finally(() => process.exit(1)));
  }
  try {
    await run(options, children);
  } finally {
    await children.stopAll();
  }
}

main().catch((error: Error) => {
  console.error(`\nbench: ${error.message}`);
  process.exitCode = 1;
});
