/** What may stand in `gatehouse.yaml`. Strict: an unknown name is a mistake, not a wish. */
import { z } from "zod";
import type { RouteSpec, WeightedRouteSpec } from "../core/policy.ts";
import type { OpenProvider, Ways } from "../core/provider-kind.ts";

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

/** A provider as it is written: its kind's own schema judges the rest (`load.ts`). */
const provider = z.looseObject({ kind: z.string() });

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores");
const modelName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^*\s]*\*?[^*\s]*$/, "may hold one * and no spaces");

const model = z.strictObject({
  route: z.union([target, exactlyOneKind(z.strictObject({ ...kinds, timeouts: timeouts.optional() }))]),
  onUnsupported: z
    .enum(["drop", "reject", "reroute"])
    .default("drop")
    .describe("For fields a target cannot honour: leave them out and say so, refuse the call, or ask the next target."),
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
      maxUploadBytes: positiveInt
        .default(513 * 1024 * 1024)
        .describe("For files, which pass through without being held. bodyTimeoutMs counts for them too."),
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
  plugins: z
    .string()
    .min(1)
    .default("plugins")
    .describe("Folder of plugins: providers/<kind>.ts adds a kind of provider. Relative to where the gateway starts."),
  providers: z.record(name, provider).default({}),
  models: z.record(modelName, model).default({}),
});

/** As it is written, with defaults. */
export type RawConfig = z.output<typeof configSchema>;

export type Config = Omit<RawConfig, "providers"> & {
  readonly providers: Readonly<Record<string, ConfiguredProvider>>;
};

/** A provider whose settings its kind has accepted. */
export interface ConfiguredProvider {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  open(ways: Ways): OpenProvider;
}

export const defaultTimeouts = timeouts.parse({});
