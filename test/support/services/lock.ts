import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Unavailable } from "./service.ts";

const user = process.getuid?.() ?? "user";

/** Locks and the addresses of shared servers: small, one folder per user, outside the work tree. */
export const stateFolder = join(tmpdir(), `gatehouse-services-${user}`);

/** Perl is where Debian and macOS both have the kernel's file lock within reach of a script. */
const HOLD = `open(F, ">>", $ARGV[0]); flock(F, 2) or die; $| = 1; print "locked"; <STDIN>`;

/**
 * Does `work` while no other process holds the lock of that name.
 * The kernel holds it for a helper that ends with us, so a crash can never leave it locked.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const holder = spawn("perl", ["-e", HOLD, join(stateFolder, `${name}.lock`)], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(holder, "close").catch(() => undefined);
  const held = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!held) throw new Unavailable("perl is not installed");
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
