import pino, { type Logger } from "pino";

export type { Logger };

export interface LoggerOptions {
  readonly level: "off" | "error" | "warn" | "info" | "debug";
  readonly format: "json" | "pretty" | "auto";
}

/** NDJSON on standard output for machines, short lines for a person at a terminal. Only named fields are ever logged. */
export function createLogger({ level, format }: LoggerOptions): { log: Logger; flush: () => void } {
  const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY === true);
  // Written in batches: one system call per line would cost more than the rest of a call. A crash may lose the last of them.
  const file = pino.destination({ fd: 1, sync: false, minLength: 8192 });
  file.on("error", () => {}); // a closed pipe is no reason to stop serving
  const timer = setInterval(() => file.flush(), 250);
  timer.unref();
  const destination = pretty ? { write: (line: string) => void file.write(prettyLine(line)) } : file;
  const log = pino(
    { level: level === "off" ? "silent" : level, base: null, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );
  const flush = () => {
    clearInterval(timer);
    try {
      file.flushSync();
    } catch {
      // never opened, or the reader is gone
    }
  };
  return { log, flush };
}

const COLOURS: Record<string, string> = { error: "\x1b[31m", warn: "\x1b[33m", info: "\x1b[2m", debug: "\x1b[2m" };
const RESET = "\x1b[0m";

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
