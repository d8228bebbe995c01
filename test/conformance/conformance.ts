/** Entry point of `npm run conformance`: recorded provider traffic, played through a gateway that really runs. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { withNative } from "./natively.ts";
import { HELP, type Options, ROOT, readOptions } from "./options.ts";
import { loadRecordings, type Recording } from "./recording.ts";
import { type Result, replay } from "./replay.ts";
import { reportOf, summaryOf } from "./report.ts";
import { loadSchemas } from "./schema.ts";
import { supportOf } from "./wires.ts";

const SPECIFICATION = join(ROOT, "../shared/specs/openai.openapi.tolerant.json");

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const folder = resolve(options.recordings);
  if (!existsSync(folder))
    return nothingToPlay(options, `There are no recordings at ${options.recordings}: nothing was run.`);
  const { recordings: recorded, unreadable } = loadRecordings(folder, options.only);
  const recordings = withNative(recorded);
  if (recordings.length + unreadable.length === 0)
    return nothingToPlay(options, "No recording matches: nothing was run.");

  const say = options.json ? console.error : console.log;
  say(`${recordings.length} recordings, cut with --seed ${options.seed}`);
  const schemas = loadSchemas(SPECIFICATION);
  if (!schemas) say("OpenAI's specification is not there: the answers' shapes are not checked against it.");
  const results = await replay(recordings, { ...options, schemas, progress }).catch((error: Error) => {
    console.error(error.message);
    const [why = ""] = error.message.split("\n");
    return recordings.map((recording) => (supportOf(recording) ? unplayed(recording, why) : ignored(recording)));
  });
  return report([...results, ...unreadable.map((one) => unplayed(one, one.why))], options);
}

function nothingToPlay({ json }: Options, why: string): number {
  if (json) console.log(JSON.stringify(summaryOf([])));
  (json ? console.error : console.log)(why);
  return 0;
}

function report(results: readonly Result[], { json }: Options): number {
  console.log(json ? JSON.stringify(summaryOf(results)) : reportOf(results));
  return results.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

function ignored({ file, provider }: Recording): Result {
  return { file, provider, kind: undefined, faults: [], notes: [] };
}

/** A file that could not be played counts as tried and failed. */
function unplayed({ file, provider = "-" }: { file: string; provider?: string }, why: string): Result {
  return { file, provider, kind: "-", faults: [why], notes: [] };
}

function progress(done: number, of: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done === of ? "\r\x1b[K" : `\r${done} of ${of}`);
}
