import type { Ratios, Result, Row } from "./report.ts";

/** Columns of text: the first to the left, the others to the right. */
export function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))))
    .map((line) => line.join("  ").trimEnd())
    .join("\n");
}

const show = (value: number | null, digits: number) =>
  value === null
    ? "-"
    : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const COLUMNS: readonly [string, (row: Row) => string][] = [
  ["", (row) => row.target],
  ["req/s per core", (row) => show(row.requestsPerSecondPerCore, 0) + (row.saturated === false ? "*" : "")],
  ["CPU µs/req", (row) => show(row.cpuMicrosPerRequest, 1)],
  ["CPU µs/chunk", (row) => show(row.cpuMicrosPerChunk, 1)],
  ["translated", (row) => show(row.cpuMicrosPerTranslatedChunk, 1)],
  ["added p50 ms", (row) => show(row.addedP50Ms, 3)],
  ["added p99 ms", (row) => show(row.addedP99Ms, 3)],
  ["first token ms", (row) => show(row.firstTokenMs, 3)],
  ["added ms", (row) => show(row.addedFirstTokenMs, 3)],
  ["start s", (row) => show(row.startFirstMs === null ? null : row.startFirstMs / 1000, 2)],
  ["again s", (row) => show(row.startAgainMs === null ? null : row.startAgainMs / 1000, 2)],
  ["idle MB", (row) => show(row.idleMb, 0)],
  ["peak MB", (row) => show(row.peakMb, 0)],
];

const RATIOS: readonly [keyof Ratios, string][] = [
  ["requests", "requests per second per core, gatehouse / bare"],
  ["chunks", "chunks per second per core, gatehouse / bare"],
  ["cpuPerRequest", "CPU per request, gatehouse / bare"],
  ["cpuPerChunk", "CPU per paced chunk, gatehouse / bare"],
  ["cpuPerTranslatedChunk", "CPU per paced chunk of gatehouse, translated from Anthropic's Messages / passed on"],
  ["addedP50Ms", "p50 ms that gatehouse adds over direct at half load"],
  ["addedP99Ms", "p99 ms that gatehouse adds over direct at half load"],
  ["addedFirstTokenMs", "ms that gatehouse adds to the first token over direct"],
];

export function resultTable({ rows, ratios }: Result): string {
  const lines = [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const summary = RATIOS.map(([name, meaning]) => [name, show(ratios[name], 3), meaning]);
  const wide = Math.max(...summary.map((line) => line[1]?.length ?? 0));
  const described = summary.map(
    ([name = "", value = "", meaning]) => `${name.padEnd(22)} ${value.padStart(wide)}  ${meaning}`,
  );
  return `${table(lines)}\n\n${described.join("\n")}`;
}
