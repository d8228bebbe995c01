/** What the suite says at its end, for people and for machines. */
import type { Result } from "./replay.ts";

export interface Summary {
  readonly tried: number;
  readonly passed: number;
  readonly failed: readonly { readonly file: string; readonly why: string }[];
  /** Files whose wire or endpoint the gateway does not have yet. */
  readonly notSupported: readonly string[];
}

export function summaryOf(results: readonly Result[]): Summary {
  const tried = results.filter(({ kind }) => kind !== undefined);
  const failed = tried.filter(({ faults }) => faults.length > 0);
  return {
    tried: tried.length,
    passed: tried.length - failed.length,
    failed: failed.map(({ file, faults }) => ({ file, why: faults.join("; ") })),
    notSupported: results.filter(({ kind }) => kind === undefined).map(({ file }) => file),
  };
}

export function reportOf(results: readonly Result[]): string {
  const { passed, failed } = summaryOf(results);
  const noted = results.filter(({ notes }) => notes.length > 0);
  const notes = noted.flatMap(({ file, notes }) => notes.map((note) => `  ${file}: ${note}`));
  return [
    ...tableOf(results),
    ...(notes.length > 0
      ? ["", "Passed on as the provider sent it, though OpenAI's specification disagrees:", ...notes]
      : []),
    ...failuresOf(results),
    "",
    `${passed} passed, ${failed.length} failed`,
  ].join("\n");
}

/** Each file with its faults; files that fail alike stand together. */
function failuresOf(results: readonly Result[]): string[] {
  const failed = results.filter(({ faults }) => faults.length > 0);
  const alike = Map.groupBy(failed, ({ faults }) => faults.map((fault) => `  - ${fault}`).join("\n"));
  return [...alike].flatMap(([faults, those]) => ["", ...those.map(({ file }) => file), faults]);
}

/** One row per provider. */
function tableOf(results: readonly Result[]): string[] {
  const rows = [...new Set(results.map(({ provider }) => provider))].sort().map((provider) => {
    const own = results.filter((result) => result.provider === provider);
    const { tried, passed, failed, notSupported } = summaryOf(own);
    const kinds = [...new Set(own.flatMap(({ kind }) => kind ?? []))];
    return [provider, kinds.join(", ") || "-", tried, passed, failed.length, notSupported.length];
  });
  const { tried, passed, failed, notSupported } = summaryOf(results);
  const sum = ["all", "", tried, passed, failed.length, notSupported.length];
  return [["provider", "wire", "tried", "passed", "failed", "not supported"], ...rows, sum].map(lineOf);
}

const WIDTHS = [18, 19, 7, 8, 8, 15];

function lineOf(cells: readonly (string | number)[]): string {
  const padded = cells.map((cell, at) => {
    return at < 2 ? String(cell).padEnd(WIDTHS[at]!) : String(cell).padStart(WIDTHS[at]!);
  });
  return padded.join("").trimEnd();
}
