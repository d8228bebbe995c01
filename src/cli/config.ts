import { existsSync } from "node:fs";
import type { Command } from "commander";
import { readEnvironment } from "../config/environment.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { loadConfig } from "../config/load.ts";

/** `gatehouse config check | schema`: need no running gateway. */
export function addConfigCommand(program: Command): void {
  const config = program.command("config").description("check a configuration, or print its JSON Schema");

  config
    .command("check [file]")
    .description("say whether a configuration file is good, and if not, every mistake with its line")
    .action(async (named: string | undefined) => {
      const file = named ?? readEnvironment(process.env).GATEHOUSE_CONFIG ?? "gatehouse.yaml";
      if (!existsSync(file)) throw new Error(`There is no ${file}.`);
      const { providers, models } = await loadConfig(file, process.env);
      const counts = `${counted(Object.keys(providers), "provider")}, ${counted(Object.keys(models), "model")}`;
      process.stdout.write(`${file} is good: ${counts}.\n`);
    });

  config
    .command("schema")
    .description("print the JSON Schema of gatehouse.yaml, for editors")
    .action(async () => {
      process.stdout.write(`${JSON.stringify(await configJsonSchema(), null, 2)}\n`);
    });
}

function counted(names: readonly string[], noun: string): string {
  return `${names.length} ${noun}${names.length === 1 ? "" : "s"}`;
}
