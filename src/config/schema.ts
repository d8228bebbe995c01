/** What may stand in `gatehouse.yaml`. Strict: an unknown name is a mistake, not a wish. */
import { z } from "zod";
import type { RouteSpec, WeightedRouteSpec } from "../core/policy.ts";

const positiveInt = z.number().int().positive();
const milliseconds = positiveInt.max(24 * 3600 * 1000);

const retry = z.strictObject({
  times: z.number().int().min(0).max(10).default(1).describe("Further tries of one target after the first."),
  baseDelayMs: milliseconds.default(250).describe("Ceiling of the first random wait; doubles with each further try."),
  maxDelayMs: milliseconds.default(5000).describe("A target that asks for a longer wait is given up."),
});

const timeouts = z.strictObject({
  firstByteMs: milliseconds.default(60_000).describe("From sending the request to the first part of the answer."),
  idleMs: milliseconds.default(30_000).describe("Between two parts of the answer."),
  totalMs: milliseconds.default(600_000).describe("For the whole call, with every attempt and wait."),
});

const target = z
  .string()
  .regex(/^[^/\s]+\/\S+$/, "must read provider/model")
  .describe("provider/model; a * stands for what the model pattern's * matched.");

const weight = z.number().min(0).max(1000).default(1).describe("Share of the calls that try this one first.");

const nestedRoute: z.ZodType<RouteSpec, unknown> = z.lazy(() =>
  z.union([target, exactlyOneKind(z.strictObject(kinds))]),
);
const weightedRoute: z.ZodType<WeightedRouteSpec, unknown> = z.lazy(() =>
  exactlyOneKind(z.strictObject({ ...kinds, weight })),
);

const kinds = {
  target: target.optional(),
  balance: z.array(weightedRoute).min(1).optional(),
  fallback: z.array(nestedRoute).min(1).optional(),
  retry: retry.optional(),
};

function exactlyOneKind<T extends z.ZodType<Exclude<RouteSpec, string>, unknown>>(route: T): T {
  return route.refine(
    ({ target, balance, fallback }) => [target, balance, fallback].filter((kind) => kind !== undefined).length === 1,
    "must hold exactly one of target, balance and fallback",
  );
}

const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/, "must be a header name"), z.string());
const network = z
  .enum(["public", "private"])
  .describe("Which addresses the base URL may lead to; guessed from the host when left out.");
const baseUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });

const openai = z.strictObject({
  kind: z.literal("openai"),
  apiKey: z.string().min(1),
  baseUrl: baseUrl.default("https://api.openai.com/v1"),
  headers: headers.optional(),
  network: network.optional(),
  streamUsage: z.boolean().default(true).describe("Ask for usage in streams on the gateway's own account."),
});

const openaiCompatible = z.strictObject({
  kind: z.literal("openai-compatible"),
  baseUrl: baseUrl.describe("Up to and with /v1, where the server has it."),
  apiKey: z.string().min(1).optional(),
  headers: headers.optional(),
  network: network.optional(),
  streamUsage: z.boolean().default(false).describe("Ask for usage in streams; off for servers that refuse it."),
});

const anthropic = z.strictObject({
  kind: z.literal("anthropic"),
  apiKey: z.string().min(1),
  baseUrl: baseUrl.default("https://api.anthropic.com"),
  headers: headers.optional(),
  network: network.optional(),
});

const demo = z.strictObject({
  kind: z.literal("demo"),
  tokensPerSecond: z.number().positive().max(10_000).default(50),
});

const provider = z.discriminatedUnion("kind", [openai, openaiCompatible, anthropic, demo]);

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores");
const modelName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^*\s]*\*?[^*\s]*$/, "may hold one * and no spaces");

const model = z.strictObject({
  route: z.union([target, exactlyOneKind(z.strictObject({ ...kinds, timeouts: timeouts.optional() }))]),
});

export const configSchema = z.strictObject({
  listen: z
    .strictObject({ host: z.string().default("0.0.0.0"), port: z.number().int().min(0).max(65_535).default(4000) })
    .prefault({})
    .describe("The data plane: /v1."),
  control: z
    .strictObject({ host: z.string().default("127.0.0.1"), port: z.number().int().min(0).max(65_535).default(4001) })
    .prefault({})
    .describe("The control plane: /admin/v1 and /metrics. Keep it off public networks."),
  limits: z
    .strictObject({
      maxBodyBytes: positiveInt.default(32 * 1024 * 1024),
      maxHeaderBytes: positiveInt.min(1024).default(16 * 1024),
      maxJsonDepth: positiveInt.max(1000).default(128),
      maxJsonValues: positiveInt.default(500_000),
      headersTimeoutMs: milliseconds.default(10_000).describe("For a client to send its headers."),
      bodyTimeoutMs: milliseconds.default(60_000).describe("For a client to send its whole request."),
      keepAliveMs: milliseconds.default(75_000),
      slowReaderMs: milliseconds.default(60_000).describe("For a client to take what is waiting for it."),
    })
    .prefault({}),
  drain: z
    .strictObject({ limitMs: milliseconds.default(30_000).describe("For answers under way when stopping.") })
    .prefault({}),
  providers: z.record(name, provider).default({}),
  models: z.record(modelName, model).default({}),
});

export type Config = z.output<typeof configSchema>;
export const defaultTimeouts = timeouts.parse({});
