/** The control plane of an installation's machine: one, however many processes serve calls. */
import type { Config } from "../config/schema.ts";
import { type AdminOptions, createAdmin } from "../http/admin.ts";
import { startServer } from "../http/server.ts";

export interface ControlPlane {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startControlPlane(config: Config, options: AdminOptions): Promise<ControlPlane> {
  const server = await startServer(createAdmin(options), config.limits, config.control);
  return {
    port: server.port,
    async stop() {
      server.stopAccepting();
      await server.close();
    },
  };
}
