/** Rows as aligned columns with a heading; an empty list says so. */
export function table(rows: readonly Readonly<Record<string, string>>[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const columns = Object.keys(rows[0]!);
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join("  ")
      .trimEnd();
  const lines = [line(columns), ...rows.map((row) => line(columns.map((column) => row[column] ?? "")))];
  return `${lines.join("\n")}\n`;
}
