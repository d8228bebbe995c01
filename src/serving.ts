/** Which configuration serves. A new one is checked and built beside the old; a wrong one changes nothing and says why. */
import { unwatchFile, watchFile } from "node:fs";
import { loadConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import type { Next } from "./core/stage.ts";
import { createGateway, type Gateway, type Lasting } from "./gateway.ts";
import type { Logger } from "./observe/logger.ts";
import { pipeline } from "./pipeline.ts";

export interface ServingOptions {
  readonly config: Config;
  /** Undefined when the configuration was discovered, not written: then there is nothing to reload. */
  readonly file: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly lasting: Lasting;
  readonly log: Logger;
  readonly onGeneration: (generation: number) => void;
}

export interface Current {
  readonly gateway: Gateway;
  readonly road: Next;
  readonly resolve: Gateway["resolve"];
  readonly withoutModel: Gateway["withoutModel"];
}

export interface ServingStatus {
  readonly generation: number;
  readonly providers: readonly string[];
  readonly models: readonly string[];
  /** What stands against the newest version of the configuration file; null when it runs. */
  readonly configProblem: string | null;
}

/** Editors write a file in several steps, and a volume mount swaps a link: looking once a second sees all of it. */
const WATCH_EVERY_MS = 1000;

export class Serving {
  readonly #options: ServingOptions;
  #config: Config;
  #current: Current;
  #problem: string | undefined;

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#current = this.#build(1, options.config);
    if (options.file) watchFile(options.file, { interval: WATCH_EVERY_MS, persistent: false }, this.#onChange);
  }

  get current(): Current {
    return this.#current;
  }

  status(): ServingStatus {
    const { generation, providers } = this.#current.gateway;
    return { generation, providers, models: Object.keys(this.#config.models), configProblem: this.#problem ?? null };
  }

  /** Throws ConfigError and keeps the last good generation when the file has a mistake. */
  async reload(): Promise<number> {
    const { file, env, lasting, log } = this.#options;
    const running = this.#current.gateway.generation;
    if (!file) return running;
    try {
      const config = await loadConfig(file, env);
      lasting.pools.startUse();
      const next = this.#build(running + 1, config);
      const restart = needingRestart(this.#config, config);
      this.#config = config;
      this.#current = next;
      this.#problem = undefined;
      lasting.pools.dropUnused();
      log.info(
        { generation: running + 1, needsRestart: restart.length > 0 ? restart : undefined },
        "configuration reloaded",
      );
      return running + 1;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      log.error({ generation: running, problem: this.#problem }, "configuration refused; the last good one still runs");
      throw error;
    }
  }

  close(): void {
    if (this.#options.file) unwatchFile(this.#options.file, this.#onChange);
  }

  readonly #onChange = (): void => {
    this.reload().catch(() => {}); // told in the log, the status and the metrics
  };

  #build(generation: number, config: Config): Current {
    const gateway = createGateway(generation, config, this.#options.lasting);
    this.#options.onGeneration(generation);
    return { gateway, road: pipeline(gateway), resolve: gateway.resolve, withoutModel: gateway.withoutModel };
  }
}

/** Sections that are read once, at start. */
const AT_START = ["listen", "control", "limits", "drain"] as const;

function needingRestart(before: Config, after: Config): string[] {
  return AT_START.filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]));
}
