/** The whole road behind a real socket, with one key and without a database: for suites about calls. */
import { type DataPlane, startDataPlane } from "../../src/boot/data-plane.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Conversations, KeptTurns } from "../../src/core/conversations.ts";
import type { ObjectStore } from "../../src/core/objects.ts";
import type { Authenticate } from "../../src/http/authenticate.ts";
import { createLogger } from "../../src/observe/logger.ts";
import { conversationsInMemory } from "./conversations.ts";
import { objectsInMemory } from "./objects.ts";

export const KEY = "gate_test";
/** Of another tenant. */
export const OTHER_KEY = "gate_other";
/** Of the first tenant, for the model `m` alone. */
export const HELD_KEY = "gate_held";

export interface TestPlane extends DataPlane {
  readonly url: string;
  /** A chat request with the test's key; `fields` win over the defaults. */
  chat(fields?: Record<string, unknown>, options?: { signal?: AbortSignal; path?: string }): Promise<Response>;
  /** The value of a metric, all label sets summed, or those that match. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

const authenticate: Authenticate = (token) => {
  if (token !== KEY && token !== OTHER_KEY && token !== HELD_KEY) return undefined;
  const tenant = token === OTHER_KEY ? "other" : "t";
  const models = token === HELD_KEY ? ["m"] : null;
  return { caller: { tenant, team: "m", keyId: "k", keyName: "test", tags: [] }, models };
};

export interface TestPlaneOptions {
  readonly configFile?: string;
  /** In memory when absent. */
  readonly conversations?: Conversations & KeptTurns;
  /** In memory when absent. */
  readonly objects?: ObjectStore;
}

export async function startTestPlane(config: string, options: TestPlaneOptions = {}): Promise<TestPlane> {
  const logs = createLogger({ level: "off", format: "json" });
  const parsed = await parseConfig(config, { source: "test", env: {} });
  const plane = await startDataPlane({
    config: { ...parsed, listen: { host: "127.0.0.1", port: 0 } },
    configFile: options.configFile,
    env: {},
    authenticate,
    conversations: options.conversations ?? conversationsInMemory(),
    objects: options.objects ?? objectsInMemory(),
    logs,
    reusePort: false,
  });
  const url = `http://127.0.0.1:${plane.port}`;
  return {
    ...plane,
    url,
    chat: (fields, { signal, path = "/v1/chat/completions" } = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }], ...fields }),
        ...(signal ? { signal } : {}),
      }),
    async metric(name, labels = {}) {
      const metric = await plane.metrics.registry.getSingleMetric(name)?.get();
      const values = (metric?.values ?? []) as {
        value: number;
        labels: Record<string, string | number>;
        metricName?: string;
      }[];
      return values
        .filter((one) => one.metricName === undefined || one.metricName === name || one.metricName === `${name}_count`)
        .filter((one) => Object.entries(labels).every(([label, value]) => String(one.labels[label]) === value))
        .reduce((sum, one) => sum + one.value, 0);
    },
  };
}
