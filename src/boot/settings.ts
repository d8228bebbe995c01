/** What one start is about: the configuration from wherever it comes, with the command line's and the environment's word over it. */
import { existsSync } from "node:fs";
import { discover } from "../config/discover.ts";
import type { Environment } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";

/** From the command line; each wins over the environment, and that over the file. */
export interface ServeOptions {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly controlPort?: number | undefined;
  /** Processes that serve calls. */
  readonly workers?: number | undefined;
}

export interface Settings {
  readonly config: Config;
  /** Undefined when there was none and providers were looked for instead. */
  readonly configFile: string | undefined;
  /** Provider names for the start-up text, with where they were found. */
  readonly providers: readonly string[];
  /** A model name that answers. */
  readonly model: string;
}

const DEFAULT_FILE = "gatehouse.yaml";

/** Throws ConfigError for a file with mistakes, and an Error for one that was named but is not there. */
export async function readSettings(
  options: ServeOptions,
  environment: Environment,
  env: NodeJS.ProcessEnv,
): Promise<Settings> {
  const named = options.config ?? environment.GATEHOUSE_CONFIG;
  if (named !== undefined && !existsSync(named)) throw new Error(`There is no configuration file ${named}.`);
  const file = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  if (file !== undefined) {
    const config = await loadConfig(file, env);
    const exact = Object.keys(config.models).find((entry) => !entry.includes("*"));
    const model = exact ?? Object.keys(config.models)[0]?.replace("*", "some-model") ?? "none-declared";
    return {
      config: override(config, options, environment),
      configFile: file,
      providers: Object.keys(config.providers),
      model,
    };
  }
  const { config, found } = await discover(environment, env);
  return {
    config: override(config, options, environment),
    configFile: undefined,
    providers: [...found.map(({ name, from }) => `${name} (${from})`), "demo (built in)", "builtin (embeddings)"],
    model: "demo",
  };
}

function override(config: Config, options: ServeOptions, environment: Environment): Config {
  const { listen, control } = config;
  return {
    ...config,
    listen: {
      host: options.host ?? environment.GATEHOUSE_HOST ?? listen.host,
      port: options.port ?? environment.GATEHOUSE_PORT ?? listen.port,
    },
    control: {
      host: environment.GATEHOUSE_CONTROL_HOST ?? control.host,
      port: options.controlPort ?? environment.GATEHOUSE_CONTROL_PORT ?? control.port,
    },
  };
}
