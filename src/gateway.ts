/** Composition root: one configuration, put together with what outlives it. A reload builds the next gateway beside this one. */
import { completions } from "./bridges/completions.ts";
import { estimatedCount } from "./bridges/count-tokens.ts";
import { messages } from "./bridges/messages.ts";
import { responses } from "./bridges/responses.ts";
import type { Config } from "./config/schema.ts";
import { defaultTimeouts } from "./config/schema.ts";
import type { Conversations, KeptTurns } from "./core/conversations.ts";
import type { EndpointName } from "./core/endpoint.ts";
import type { ObjectStore } from "./core/objects.ts";
import type { ModelPolicy, Policy } from "./core/policy.ts";
import type { Bridge, Provider } from "./core/provider.ts";
import type { Ways } from "./core/provider-kind.ts";
import type { Records } from "./core/record.ts";
import { withBridges } from "./routing/bridges.ts";
import { checkedSend } from "./routing/checked-send.ts";
import { compileModels, type ResolveModel } from "./routing/compile.ts";
import type { HealthBook } from "./routing/health.ts";
import { schemaChecks } from "./routing/schema-checks.ts";
import { type Send, send } from "./routing/send.ts";
import type { Pools } from "./routing/transport.ts";

/** What outlives a configuration: connections, what was learnt about targets, and where calls are told. */
export interface Lasting {
  readonly pools: Pools;
  readonly health: HealthBook;
  readonly records: Records;
  readonly conversations: Conversations & KeptTurns;
  readonly objects: ObjectStore;
}

export interface Gateway {
  /** Which configuration this is, counted from 1 at start. */
  readonly generation: number;
  readonly records: Records;
  readonly conversations: Conversations & KeptTurns;
  readonly objects: ObjectStore;
  readonly health: HealthBook;
  readonly send: Send;
  readonly resolve: ResolveModel;
  /** Stands for the model of calls that name none. */
  readonly withoutModel: (endpoint: EndpointName) => ModelPolicy;
  /** The providers that serve an endpoint, in the configuration's order. */
  readonly serving: (endpoint: EndpointName) => readonly Provider[];
  readonly providers: readonly string[];
  /** Names for `/v1/models`: every entry without a `*`. */
  readonly modelNames: readonly string[];
}

/** What providers serve although their API does not have it. */
const BRIDGES: readonly Bridge[] = [completions, messages, responses];
/** What is answered here for providers that chat and cannot say. */
const OWN_ANSWERS: Provider["adapters"] = { count_tokens: estimatedCount };

/** Who serves such a call is decided on the road. */
const NO_ATTEMPTS: Policy = () => [];

/** One thread for all configurations: it knows nothing of them. */
const schemas = schemaChecks();

export function createGateway(
  generation: number,
  config: Config,
  { pools, health, records, conversations, objects }: Lasting,
): Gateway {
  const ways: Ways = { transportTo: (baseUrl, network) => pools.transportTo(baseUrl, network) };
  const providers = new Map(
    Object.entries(config.providers).map(([name, { kind, open }]) => [
      name,
      withBridges({ name, kind, ...open(ways) }, BRIDGES, OWN_ANSWERS),
    ]),
  );
  const models = Object.entries(config.models).map(([entry, { route, onUnsupported }]) => {
    const timeouts = (typeof route === "object" && route.timeouts) || defaultTimeouts;
    return [entry, { route, timeouts, onUnsupported }] as const;
  });
  return {
    generation,
    records,
    conversations,
    objects,
    health,
    send: checkedSend(send(providers), schemas),
    withoutModel: (name) => ({
      name,
      entry: name,
      policy: NO_ATTEMPTS,
      timeouts: defaultTimeouts,
      onUnsupported: "drop",
    }),
    serving: (endpoint) => [...providers.values()].filter(({ adapters }) => adapters[endpoint]),
    resolve: compileModels(Object.fromEntries(models)),
    providers: [...providers.keys()],
    modelNames: Object.keys(config.models).filter((entry) => !entry.includes("*")),
  };
}
