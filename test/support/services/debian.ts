import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { shelf } from "./cupboard.ts";
import { withLock } from "./lock.ts";
import { run } from "./run.ts";

/** Debian packages unpacked into a folder of ours, from this or another release, with the machine's own apt left as it is. */

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LAST_RESORT = "http://deb.debian.org/debian/";
const PACKAGES_TIMEOUT_MS = 300_000;

/** `own`: what this machine lacks, to run with its own libraries. A release's name: with all libraries, loader included. */
export type Release = "own" | "trixie" | "bullseye";

/** Unpacks packages with everything they depend on (recommendations left out) into `folder`. */
export async function unpackWithDependencies(release: Release, names: readonly string[], folder: string) {
  await withLock("apt", async () => {
    const apt = await aptFor(release);
    await apt.get("install", "--yes", "--download-only", ...names);
    await unpack(apt.archives, folder);
  });
}

/** Unpacks these packages alone into `folder`. */
export async function unpackAlone(release: Release, names: readonly string[], folder: string) {
  await withLock("apt", async () => {
    const apt = await aptFor(release);
    await apt.get("download", ...names);
    await unpack(apt.archives, folder);
  });
}

/** How to start a program of an unpacked release with that release's loader and libraries (`more` are searched first). */
export async function loaderOf(tree: string, more: readonly string[] = []): Promise<readonly string[]> {
  const [loader] = await found(tree, ["usr/lib64", "usr/lib"], /^ld-linux.*\.so\.\d$/);
  const libraries = [...more, await librariesOf(tree)].join(":");
  return [loader!, "--library-path", libraries];
}

/** The folder of shared libraries in an unpacked tree. */
export async function librariesOf(tree: string): Promise<string> {
  const [folder] = await found(tree, ["usr/lib"], /-linux-gnu/);
  return folder!;
}

async function found(tree: string, folders: readonly string[], pattern: RegExp): Promise<readonly string[]> {
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(tree, folder)).catch(() => []);
      return names.filter((name) => pattern.test(name)).map((name) => join(tree, folder, name));
    }),
  );
  const all = lists.flat();
  if (all.length === 0) throw new Error(`nothing like ${pattern} in ${tree}`);
  return all;
}

async function unpack(archives: string, folder: string) {
  for (const name of await readdir(archives)) {
    if (name.endsWith(".deb")) await run("dpkg-deb", ["--extract", join(archives, name), folder]);
  }
  await rm(archives, { recursive: true });
}

/** An apt with its own sources, lists and cache; needs no rights and changes nothing outside our folder. */
async function aptFor(release: Release) {
  const home = shelf(`apt-${release}`);
  const archives = join(home, "cache/archives");
  await rm(archives, { recursive: true, force: true });
  await mkdir(join(archives, "partial"), { recursive: true });
  await mkdir(join(home, "state/lists/partial"), { recursive: true });
  await writeFile(join(home, "sources.list"), await sourcesOf(release));
  await writeFile(join(home, "status"), "");
  await writeFile(join(home, "apt.conf"), configuration(home, release));
  const options = { cwd: archives, timeoutMs: PACKAGES_TIMEOUT_MS, env: { ...process.env, LC_ALL: "C.UTF-8" } };
  const get = (...args: readonly string[]) => run("apt-get", ["-c", join(home, "apt.conf"), "-qq", ...args], options);
  // A source that has moved away fails the update, yet the others may hold all we need: the next step tells.
  await get("update").catch(() => undefined);
  return { archives, get };
}

/** `#clear` drops the machine's own hooks, which would tidy caches and indexes that are not ours. */
const configuration = (home: string, release: Release) => `
#clear APT::Update;
#clear DPkg;
Dir::State "${home}/state";
Dir::State::status "${release === "own" ? "/var/lib/dpkg/status" : `${home}/status`}";
Dir::Cache "${home}/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "${home}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
`;

async function sourcesOf(release: Release): Promise<string> {
  const known = await machineSources();
  if (release === "own") return known.map(line).join("");
  const debian = known.filter(({ uri }) => /\/debian\/?$/.test(uri));
  const main = debian[0]?.uri ?? LAST_RESORT;
  // The security suite keeps an old release's packages when the main one has moved to an archive.
  const security = main.replace(/debian\/?$/, "debian-security/");
  return [
    line({ uri: main, suite: release, component: "main", signedBy: KEYRING }),
    line({ uri: security, suite: `${release}-security`, component: "main", signedBy: KEYRING }),
  ].join("");
}

interface SourceLine {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
  readonly signedBy: string | undefined;
}

/** Only package lists: the descriptions, icons and translations that a machine may also want are of no use here. */
const line = ({ uri, suite, component, signedBy }: SourceLine) =>
  `deb [target=Packages${signedBy ? ` signed-by=${signedBy}` : ""}] ${uri} ${suite} ${component}\n`;

/** The distribution's own archives as this machine reaches them; other people's repositories are left out. */
async function machineSources(): Promise<readonly SourceLine[]> {
  const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)";
  const text = await run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const lines = [...new Set(text.split("\n"))].map((row) => row.split("|"));
  return lines.flatMap(([uri = "", suite = "", component = "", signedBy = ""]) =>
    /\/(debian|ubuntu)(-security)?\/?$/.test(uri)
      ? [{ uri, suite, component, signedBy: signedBy.startsWith("/") ? signedBy : undefined }]
      : [],
  );
}
