/** Golden translations of another gateway's beside ours: every difference needs a row that argues it, and every row a difference. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { differencesBetween, describe as inWords } from "../conformance/difference.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";

export interface Row {
  /** `suite/name`, or `suite/*` for all of a suite. */
  readonly golden: string;
  /** Where it differs, or the parent of that place. */
  readonly path: string;
  readonly why: string;
}

/** `suite` names the tests that do not run where the goldens are not there: `root` is then undefined. */
export function openOracles(argued: readonly Row[], suite: string) {
  const root = sharedPath("oracles/agentgateway/", suite);
  const used = new Set<Row>();

  /** Differences that no row explains. */
  function unexplained(golden: string, expected: unknown, actual: unknown): string[] {
    const [suite] = golden.split("/");
    const open = differencesBetween(expected, actual).filter(({ path }) => {
      const row = argued.find(
        (candidate) =>
          (candidate.golden === golden || candidate.golden === `${suite}/*`) &&
          (path === candidate.path || path.startsWith(`${candidate.path}.`) || path.startsWith(`${candidate.path}[`)),
      );
      if (row) used.add(row);
      return !row;
    });
    return open.map(inWords);
  }

  function namesIn(folder: string, ending: string): string[] {
    if (root === undefined) return [];
    const files = readdirSync(join(root, folder)).filter((file) => file.endsWith(ending));
    return files.map((file) => file.slice(0, -ending.length));
  }

  function read(path: string): string {
    return readFileSync(join(root!, path), "utf8");
  }

  /** The content after the YAML head. */
  function golden(path: string): string {
    return read(path).split(/^---$/m).slice(2).join("---");
  }

  return { root, used, unexplained, namesIn, read, golden };
}
