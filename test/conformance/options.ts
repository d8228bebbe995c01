/** The command line of the conformance suite. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Options {
  readonly recordings: string;
  readonly only: string | undefined;
  readonly seed: number;
  readonly rounds: number;
  readonly json: boolean;
  readonly direct: boolean;
  readonly help: boolean;
}

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const HELP = `Replays recorded provider traffic through a running gateway and compares both of its sides.

  npm run conformance -- [options]

  --recordings DIR  a folder of recordings (default ../shared/recordings)
  --only PATTERN    only files whose name contains PATTERN, or matches it where it holds * or ?
  --seed N          the seed of the random cuts (default: another one each time; it is printed)
  --rounds N        random cuttings of each stream (default 20)
  --direct          no gateway: client and stub talk to each other in OpenAI's wire, to test this suite itself
  --json            one object on stdout: {tried, passed, failed: [{file, why}], notSupported: [file]}
  --help            this text

Exit code: 0 when nothing failed (or there are no recordings), 1 when something did, 2 for a wrong option.
`;

/** Throws an Error whose message is for the person at the terminal. */
export function readOptions(args: readonly string[], random: () => number = Math.random): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      recordings: { type: "string", default: join(ROOT, "../shared/recordings") },
      only: { type: "string" },
      seed: { type: "string" },
      rounds: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
      direct: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    ...values,
    only: values.only,
    seed: values.seed === undefined ? Math.floor(random() * 2 ** 32) : wholeNumber("--seed", values.seed),
    rounds: wholeNumber("--rounds", values.rounds),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${name} takes a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
