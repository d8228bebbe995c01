#!/usr/bin/env -S node --min-semi-space-size=32 --max-semi-space-size=32 --v8-pool-size=2
/** The command line. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addConfigCommand } from "./config.ts";
import { addKeysCommand } from "./keys.ts";
import { addServeCommand } from "./serve.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const program = new Command("gatehouse")
  .description("An OpenAI-compatible gateway in front of any model.")
  .version(version)
  .addHelpText(
    "after",
    "\nWith no configuration and no services, 'gatehouse serve' answers with a built-in demo model.",
  );

addServeCommand(program);
addKeysCommand(program);
addConfigCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // Mistakes in settings and refusals are for people; only what we did not foresee shows its stack.
  const foreseen = error instanceof Error && !(error instanceof TypeError || error instanceof ReferenceError);
  console.error(foreseen ? `gatehouse: ${error.message}` : error);
  process.exit(1);
}
