import { parseArgs } from "node:util";
import { TARGET_NAMES, type TargetName } from "./targets.ts";

export const PARTS = ["requests", "streams", "latency", "startup", "embed"] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly profile: boolean;
  readonly parts: ReadonlySet<Part>;
  readonly targets: ReadonlySet<TargetName>;
  readonly plan: Plan;
}

/** How long and how often; a window is the time in which something is counted. */
export interface Plan {
  readonly rounds: number;
  readonly connections: number;
  readonly streams: number;
  readonly translatedRounds: number;
  readonly warmUpMs: number;
  readonly settleMs: number;
  /** For all streams to begin, before the window. */
  readonly openingMs: number;
  readonly requestsMs: number;
  readonly streamsMs: number;
  readonly latencyMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly embedMs: number;
}

/** The embedding model is not about the road, and would take `--quick` beyond its time. */
const QUICK_PARTS = "requests,streams,latency,startup";

const FULL: Plan = {
  rounds: 5,
  connections: 64,
  streams: 256,
  translatedRounds: 3,
  warmUpMs: 3000,
  settleMs: 300,
  openingMs: 600,
  requestsMs: 3000,
  streamsMs: 3000,
  latencyMs: 2500,
  firstTokenMs: 1500,
  idleMs: 2000,
  embedMs: 3000,
};

const QUICK: Plan = {
  ...FULL,
  rounds: 2,
  translatedRounds: 1,
  warmUpMs: 300,
  settleMs: 100,
  openingMs: 300,
  requestsMs: 350,
  streamsMs: 400,
  latencyMs: 300,
  firstTokenMs: 250,
  idleMs: 300,
  embedMs: 400,
};

export const HELP = `npm run bench -- [options]

Measures the gateway against a bare undici proxy, nginx (where it is installed) and no proxy at all, in turns, on one
machine. Takes about 4 minutes. One CPU core for what is measured, another for the upstream and the load.

  --quick          the same but for embed, in under 45 s, with shorter windows and so with more noise
  --json           print one JSON object {rows, ratios} and nothing else; notes go to stderr
  --only PART      requests, streams, latency (with time to first token), startup or embed; several with commas
  --targets NAMES  direct, bare, nginx, gatehouse; several with commas (default: all)
  --rounds N       how often each target has its turn (default ${FULL.rounds}, with --quick ${QUICK.rounds}); figures are medians
  --profile        measure nothing: run gatehouse and bare under --cpu-prof and print where their time goes
  --help           this text

What the figures are
  req/s per core   as seen where the measured process used its core up, else 1,000,000 / CPU µs per request
  CPU µs           user + system time of the measured process, all threads, over what the load counted meanwhile
  chunk            one of ${FULL.streams} streams of one chunk every 10 ms, each chunk a read and a write of its own
  translated       CPU µs per chunk of such streams where the upstream speaks Anthropic's Messages
  added p50, p99   target minus direct in the same round, at half of the rate gatehouse reaches when saturated
  first token      from sending a streamed request to its first chunk, at light load; added is target minus direct
  start            from \`npm start\` with an empty home folder to the first answer, and the same once more
  embed            the built-in embedding model, asked by four clients; its gateway is not pinned to a core
  ratios           gatehouse over bare in the same round; the three "added" ones are ms over direct, not ratios
`;

/** The options of a command line; throws with a sentence for the one who typed it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      only: { type: "string" },
      targets: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const plan = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number from 1");
  return {
    help: values.help,
    json: values.json,
    profile: values.profile,
    parts: chosen("--only", values.only ?? (values.quick ? QUICK_PARTS : undefined), PARTS),
    targets: chosen("--targets", values.targets, TARGET_NAMES),
    plan: { ...plan, rounds },
  };
}

function chosen<T extends string>(option: string, given: string | undefined, known: readonly T[]): ReadonlySet<T> {
  if (given === undefined) return new Set(known);
  return new Set(
    given.split(",").map((name) => {
      const found = known.find((each) => each === name.trim());
      if (found === undefined) throw new Error(`${option} knows ${known.join(", ")}, not "${name}"`);
      return found;
    }),
  );
}
