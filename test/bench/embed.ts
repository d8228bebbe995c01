import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Child, type Children, until } from "./children.ts";
import { createKey, doors, startGatehouse } from "./gatehouse.ts";
import { type LoopDelay, printedLoopDelay } from "./loop-delay.ts";
import { cpuMicros } from "./processes.ts";
import { median, percentile } from "./statistics.ts";
import { table } from "./table.ts";

/** Of the built-in embedding model while a few clients ask it short questions, one at a time each. */
export interface Embedding {
  readonly clients: number;
  readonly questionsPerSecond: number;
  /** Over the CPU time of the whole process, HTTP and all. */
  readonly questionsPerSecondPerCore: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly loopDelayP50Ms: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

export interface EmbedPlan {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly embedMs: number;
}

const CLIENTS = 4;
const LOOP_DELAY = fileURLToPath(new URL("./loop-delay.ts", import.meta.url));
const CONFIG = `providers:
  builtin: { kind: builtin }
models:
  all-minilm-l6-v2: { route: builtin/all-minilm-l6-v2 }
`;

/** The gateway is not pinned: its threads need more than one core, and so have what the machine has. */
export async function measureEmbedding(children: Children, plan: EmbedPlan): Promise<Embedding> {
  const config = join(children.folder, "embed.yaml");
  writeFileSync(config, CONFIG);
  const data = join(children.folder, "embed");
  const child = startGatehouse({ children, data, config, nodeArgs: ["--import", LOOP_DELAY] });
  const found = await until(child, 30_000, () => doors(child));
  const { key } = await until(child, 10_000, () => createKey(found));
  const url = `http://127.0.0.1:${found.dataPort}/v1/embeddings`;
  await askFor(plan.warmUpMs, { url, key });
  const rounds: Round[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    rounds.push(await measureOnce(child, () => askFor(plan.embedMs, { url, key })));
  }
  await child.stop();
  return summary(rounds);
}

interface Round {
  readonly answersMs: readonly number[];
  readonly wallMs: number;
  readonly cpuMicros: number;
  readonly delay: LoopDelay;
}

async function measureOnce(child: Child, ask: () => Promise<number[]>): Promise<Round> {
  const before = child.output().length;
  child.process.kill("SIGUSR2");
  await sleep(SIGNAL_MS);
  const [cpu, at] = [cpuMicros(child.pid), performance.now()];
  const answersMs = await ask();
  const [wallMs, used] = [performance.now() - at, cpuMicros(child.pid) - cpu];
  child.process.kill("SIGUSR2");
  const delay = await until(child, 5000, async () => {
    await sleep(SIGNAL_MS);
    return printedLoopDelay(child.output().slice(before));
  });
  return { answersMs, wallMs, cpuMicros: used, delay };
}

/** For a signal to arrive. */
const SIGNAL_MS = 20;

/** Every client asks again as soon as it has its answer. The answers' times. */
async function askFor(ms: number, { url, key }: { url: string; key: string }): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + ms;
  const client = async (name: number) => {
    for (let asked = 0; performance.now() < until; asked += 1) {
      const startedAt = performance.now();
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "all-minilm-l6-v2", input: question(name * 7 + asked) }),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`no embedding: ${response.status} ${answer}`);
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  return times;
}

const WHAT = ["address", "password", "invoice", "delivery date", "bank account", "phone number", "subscription"];
const WHOSE = ["my account", "an order", "our team", "a customer", "the last invoice"];

/** Nine to twelve of the model's tokens. */
const question = (n: number) => `How do I change the ${WHAT[n % WHAT.length]} of ${WHOSE[n % WHOSE.length]}?`;

/** Medians over the rounds. */
function summary(rounds: readonly Round[]): Embedding {
  const of = (figure: (round: Round) => number | undefined) =>
    Number(median(rounds.map((round) => figure(round) ?? Number.NaN))?.toPrecision(4));
  return {
    clients: CLIENTS,
    questionsPerSecond: of(({ answersMs, wallMs }) => (answersMs.length * 1000) / wallMs),
    questionsPerSecondPerCore: of(({ answersMs, cpuMicros }) => (answersMs.length * 1e6) / cpuMicros),
    p50Ms: of(({ answersMs }) => percentile(answersMs, 0.5)),
    p99Ms: of(({ answersMs }) => percentile(answersMs, 0.99)),
    loopDelayP50Ms: of(({ delay }) => delay.p50Ms),
    loopDelayP99Ms: of(({ delay }) => delay.p99Ms),
    loopDelayMaxMs: of(({ delay }) => delay.maxMs),
  };
}

export function embeddingTable(found: Embedding): string {
  const lines: readonly [string, number][] = [
    [`short questions embedded per second, ${found.clients} clients`, found.questionsPerSecond],
    ["the same per second of CPU time", found.questionsPerSecondPerCore],
    ["ms from question to vector, p50", found.p50Ms],
    ["ms from question to vector, p99", found.p99Ms],
    ["event-loop delay of the road meanwhile, ms, p50", found.loopDelayP50Ms],
    ["event-loop delay of the road meanwhile, ms, p99", found.loopDelayP99Ms],
    ["event-loop delay of the road meanwhile, ms, longest", found.loopDelayMaxMs],
  ];
  return table(lines.map(([name, value]) => [name, value.toFixed(2)]));
}
