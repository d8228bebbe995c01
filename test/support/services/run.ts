import { execFile } from "node:child_process";
import { Unavailable } from "./service.ts";

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** After this the program is killed and the call fails. */
  readonly timeoutMs?: number;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const TOLD_LINES = 8;

/** Runs a program to its end and returns its stdout. A missing program or a failed run is `Unavailable`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs, ...rest } = options;
  const settings = { ...rest, timeout: timeoutMs ?? 0, killSignal: "SIGKILL" as const, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const code: unknown = error.code;
      const missing = code === "ENOENT";
      const told = lastLines(stderr || stdout) || (error.killed ? "took too long" : `exit code ${code}`);
      reject(new Unavailable(missing ? `${command} is not installed` : `${command} ${args[0] ?? ""} failed: ${told}`));
    });
  });
}

/** The end of a program's output on one line, where the cause of a failure usually stands. */
export const lastLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-TOLD_LINES)
    .join(" | ");
