/** A process of its own that serves calls beside others on one port; started by `workers.ts`, told what to do over IPC. */
import { readEnvironment } from "../config/environment.ts";
import { createLogger } from "../observe/logger.ts";
import { startDataPlane } from "./data-plane.ts";
import { answerQuestions, sendReady } from "./ipc.ts";
import { openKeys } from "./keys.ts";
import { readSettings, type ServeOptions } from "./settings.ts";
import { trimHeap } from "./trim.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as ServeOptions;
const environment = readEnvironment(process.env);
const logs = createLogger({ level: environment.GATEHOUSE_LOG, format: environment.GATEHOUSE_LOG_FORMAT });
const settings = await readSettings(options, environment, process.env);
const keys = await openKeys({ environment, pepper: environment.GATEHOUSE_PEPPER ?? "", log: logs.log });
const plane = await startDataPlane({
  config: settings.config,
  configFile: settings.configFile,
  env: process.env,
  authenticate: keys.authenticate,
  conversations: keys.conversations,
  objects: keys.objects,
  logs,
  reusePort: true,
});

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await plane.stop();
  await keys.close();
  logs.flush();
  process.exit(0);
}

answerQuestions(
  {
    metrics: () => plane.metrics.registry.getMetricsAsJSON(),
    status: async () => plane.serving.status(),
    reload: () => plane.serving.reload(),
    refreshKeys: () => keys.refresh(),
  },
  () => void stop(),
);
// The supervisor decides when to stop; a terminal's Ctrl-C reaches every process of the group.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => void stop());
trimHeap();
sendReady(plane.port);
