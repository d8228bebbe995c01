/** One process's data plane: the road, the server that leads to it, and the order in which it is taken down. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/schema.ts";
import type { Conversations, KeptTurns } from "../core/conversations.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ObjectStore } from "../core/objects.ts";
import { speech, transcriptions, translations } from "../endpoints/audio.ts";
import { batches } from "../endpoints/batches.ts";
import { chat } from "../endpoints/chat.ts";
import { completions } from "../endpoints/completions.ts";
import { countTokens } from "../endpoints/count-tokens.ts";
import { embeddings } from "../endpoints/embeddings.ts";
import { files } from "../endpoints/files.ts";
import { fineTuning } from "../endpoints/fine-tuning.ts";
import { imageEdits, imageGenerations, imageVariations } from "../endpoints/images.ts";
import { messages } from "../endpoints/messages.ts";
import { moderations } from "../endpoints/moderations.ts";
import { rerank } from "../endpoints/rerank.ts";
import { responses } from "../endpoints/responses.ts";
import { createApp } from "../http/app.ts";
import { type Authenticate, mayUse } from "../http/authenticate.ts";
import { Calls } from "../http/calls.ts";
import { type DirectHandler, startServer } from "../http/server.ts";
import type { Logs } from "../observe/logger.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import { createRecords } from "../observe/records.ts";
import { HealthBook } from "../routing/health.ts";
import { Pools } from "../routing/transport.ts";
import { Serving } from "../serving.ts";

export interface DataPlaneOptions {
  readonly config: Config;
  readonly configFile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly authenticate: Authenticate;
  readonly conversations: Conversations & KeptTurns;
  readonly objects: ObjectStore;
  readonly logs: Logs;
  /** Several processes share the port. */
  readonly reusePort: boolean;
}

export interface DataPlane {
  readonly port: number;
  readonly serving: Serving;
  readonly metrics: Metrics;
  /** Resolves when every call has ended or was cut off at the drain limit. */
  stop(): Promise<void>;
}

const ENDPOINTS = [
  imageGenerations,
  imageEdits,
  imageVariations,
  speech,
  transcriptions,
  translations,
  ...files,
  ...batches,
  ...fineTuning,
  chat,
  completions,
  embeddings,
  responses,
  messages,
  countTokens,
  rerank,
  moderations,
] as readonly Endpoint[];

export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const { config, logs, authenticate, conversations, objects } = options;
  const { log } = logs;
  const health = new HealthBook();
  const metrics = createMetrics({ breakers: () => health.states() });
  const records = createRecords({ logs, metrics });
  metrics.beforeRead(records.settle);
  const pools = new Pools();
  const serving = new Serving({
    config,
    file: options.configFile,
    env: options.env,
    lasting: { pools, health, records, conversations, objects },
    log,
    onGeneration: metrics.generation,
  });
  const refused = (error: { code: string }, path: string) => {
    metrics.refused(error.code);
    log.debug({ code: error.code, path }, "refused");
  };
  const { maxBodyBytes: maxBytes, maxJsonDepth: maxDepth, maxJsonValues: maxValues, ...limits } = config.limits;
  const calls = new Calls({
    authenticate,
    serving: () => serving.current,
    limits: { maxBytes, maxDepth, maxValues },
    maxUploadBytes: limits.maxUploadBytes,
    slowReaderMs: limits.slowReaderMs,
    refused,
  });
  let stopping: string | undefined;
  const app = createApp({
    endpoints: ENDPOINTS,
    calls,
    authenticate,
    modelNames: (key) => serving.current.gateway.modelNames.filter((name) => mayUse(key, { entry: name, name })),
    hasModel(name, key) {
      const model = serving.current.resolve(name);
      return model !== undefined && mayUse(key, model);
    },
    conversations,
    notReady: () => stopping,
    refused,
  });
  const direct = new Map<string, DirectHandler>(
    ENDPOINTS.map((endpoint) => [
      `${endpoint.method ?? "POST"} ${endpoint.path}`,
      (incoming, outgoing) => calls.serve(endpoint, incoming, outgoing),
    ]),
  );
  const server = await startServer(app, limits, { ...config.listen, reusePort: options.reusePort }, direct);

  const stop = async () => {
    stopping = "stopping";
    const deadline = performance.now() + config.drain.limitMs;
    server.stopAccepting();
    await calls.drain(config.drain.limitMs);
    // A client may have sent its next request on an open connection before it learnt that this one is going away.
    await sleep(Math.min(LAST_REQUESTS_MS, Math.max(0, deadline - performance.now())));
    await calls.drain(Math.max(0, deadline - performance.now()));
    await Promise.race([server.close(), sleep(LAST_BYTES_MS)]);
    serving.close();
    records.settle();
    await pools.close();
  };
  return { port: server.port, serving, metrics, stop };
}

/** A client whose own event loop is busy may need most of this to learn that a connection is closing. */
const LAST_REQUESTS_MS = 1000;
/** For what is written but not yet taken by clients when everything else has ended. */
const LAST_BYTES_MS = 1000;
