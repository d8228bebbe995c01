/** A wire to a server that a test can cut and mend: for the client the server goes away and comes back. */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface CuttableWire {
  readonly url: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** `url` of the real server; the wire's own is the same but for the address. */
export async function cuttableWire(url: string): Promise<CuttableWire> {
  const target = new URL(url);
  const open = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const mend = async () => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port || DEFAULT_PORTS[target.protocol]), target.hostname);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        open.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy()).on("close", () => open.delete(from));
      }
    });
    await new Promise<void>((resolve) => server!.listen(port, "127.0.0.1", resolve));
    port = (server.address() as { port: number }).port;
  };
  const cut = async () => {
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    for (const socket of open) socket.destroy();
    await closed;
    server = undefined;
  };
  await mend();
  const wired = new URL(url);
  wired.host = `127.0.0.1:${port}`;
  return { url: wired.href, cut, mend };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "postgres:": 5432, "redis:": 6379 };
