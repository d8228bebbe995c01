/** Plugins: a file dropped into a folder and named in the configuration. Loaded once for as long as the process runs. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The plugin's file, TypeScript or JavaScript; undefined when there is none. */
export function pluginFile(plugins: string, folder: string, name: string): string | undefined {
  const candidates = ["ts", "js"].map((ending) => resolve(plugins, folder, `${name}.${ending}`));
  return candidates.find((file) => existsSync(file));
}

/** The plugin's default export, or what is wrong with it in words that follow "is" in a mistake's message. */
export async function loadPlugin<T>(file: string, fits: (value: unknown) => value is T): Promise<T | string> {
  try {
    const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return fits(plugin) ? plugin : `is a plugin without a fitting default export: ${file}`;
  } catch (error) {
    return `is a plugin that cannot be loaded (${error instanceof Error ? error.message : String(error)}): ${file}`;
  }
}
