/** Log lines for a person at a terminal. */

const COLOURS: Record<string, string> = { error: "\x1b[31m", warn: "\x1b[33m", info: "\x1b[2m", debug: "\x1b[2m" };
const RESET = "\x1b[0m";

/** NDJSON lines as short, coloured ones. */
export function prettyLines(lines: string): string {
  return lines.trimEnd().split("\n").map(prettyLine).join("");
}

function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const text = msg === "call" ? callLine(fields) : `${msg}${detail(fields)}`;
  return `${COLOURS[String(level)] ?? ""}${clock}${RESET} ${text}\n`;
}

/** `200 chat support-bot → openai/gpt-5-mini 812 ms 12+30 tokens` */
function callLine(fields: Record<string, unknown>): string {
  const { status, endpoint, model, target, totalMs, promptTokens, completionTokens, errorCode, end, attempts } = fields;
  const colour = Number(status) >= 400 || end === "failed" ? COLOURS.error : "\x1b[32m";
  const tokens = promptTokens === undefined ? "" : ` ${promptTokens}+${completionTokens} tokens`;
  const tries = Number(attempts) > 1 ? ` after ${attempts} attempts` : "";
  const trouble = errorCode === undefined ? "" : ` ${errorCode}`;
  const to = target === undefined ? "" : ` → ${target}`;
  return `${colour}${status}${RESET} ${endpoint} ${model}${to} ${Math.round(Number(totalMs))} ms${tokens}${tries}${trouble}`;
}

function detail(fields: Record<string, unknown>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return parts.length === 0 ? "" : ` ${COLOURS.info}${parts.join(" ")}${RESET}`;
}
