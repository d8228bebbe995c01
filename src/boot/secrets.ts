/** Secrets this installation needs: from the environment, else made once and kept in the data folder, readable by its owner alone. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Secret {
  readonly value: string;
  /** True when it was made just now: the one moment to show it. */
  readonly fresh: boolean;
}

export interface SecretOptions {
  readonly given: string | undefined;
  readonly dataDir: string;
  readonly file: "pepper" | "admin-token";
  /** The environment variable that could have given it, for the error message. */
  readonly variable: string;
}

export async function secret({ given, dataDir, file, variable }: SecretOptions): Promise<Secret> {
  if (given !== undefined) return { value: given, fresh: false };
  const path = join(dataDir, file);
  const kept = await readFile(path, "utf8").catch(ignoreMissing);
  if (kept !== undefined) return { value: kept.trim(), fresh: false };
  const value = randomBytes(32).toString("base64url");
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(path, `${value}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // Another process of the same installation was faster: its secret counts.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return secret({ given, dataDir, file, variable });
    throw new Error(
      `${dataDir} cannot be written to, and ${variable} is not set. Set ${variable}, or GATEHOUSE_DATA_DIR to a folder that lasts.`,
      {
        cause: error,
      },
    );
  }
  return { value, fresh: true };
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
