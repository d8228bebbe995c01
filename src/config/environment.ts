/** Everything the gateway takes from the environment, read once. Names begin with GATEHOUSE_ but for what others named. */
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" });
const redisUrl = z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// URL" });

const schema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  GATEHOUSE_CONFIG: z.string().optional(),
  GATEHOUSE_DATA_DIR: z.string().default(".gatehouse"),
  GATEHOUSE_HOST: z.string().optional(),
  GATEHOUSE_PORT: port.optional(),
  GATEHOUSE_CONTROL_HOST: z.string().optional(),
  GATEHOUSE_CONTROL_PORT: port.optional(),
  GATEHOUSE_CONTROL_URL: z.url().optional(),
  GATEHOUSE_ADMIN_TOKEN: z.string().min(16, "must be at least 16 characters").optional(),
  GATEHOUSE_METRICS_TOKEN: z.string().min(16, "must be at least 16 characters").optional(),
  GATEHOUSE_PEPPER: z.string().min(16, "must be at least 16 characters").optional(),
  GATEHOUSE_LOG: z.enum(["off", "error", "warn", "info", "debug"]).default("info"),
  GATEHOUSE_LOG_FORMAT: z.enum(["json", "pretty", "auto"]).default("auto"),
  OLLAMA_HOST: z.string().optional(),
});

export type Environment = z.output<typeof schema>;

/** Throws an Error that names the variable and the mistake, never the value. An empty variable counts as unset. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The environment has a mistake:\n${lines.join("\n")}`);
}
