/** A stand-in for every provider at once: each case of a recording has a base URL of its own and gets its recorded answer there. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Written one by one. */
  readonly pieces: readonly Buffer[];
  /** Waited for before the last piece. */
  readonly beforeLast?: (() => Promise<void>) | undefined;
}

/** A request as the provider would have seen it. */
export interface Arrival {
  readonly method: string;
  /** Path and query after the case's base, as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StubUpstream {
  /** Serves a reply under `name` and tells its base URL. */
  serve(name: string, reply: Reply): string;
  /** Everything that came in under `name`, oldest first. */
  arrivalsAt(name: string): readonly Arrival[];
  close(): Promise<void>;
}

const PREFIX = "/r/";

export async function startStubUpstream(): Promise<StubUpstream> {
  const cases = new Map<string, { reply: Reply; arrivals: Arrival[] }>();
  const server = createServer((request, response) => {
    const { name, target } = splitUrl(request.url ?? "/");
    const found = cases.get(name);
    if (!found) return void response.writeHead(599).end(`nothing is served under ${name}`);
    receive(request, target)
      .then((arrival) => found.arrivals.push(arrival))
      .then(() => send(response, found.reply))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    serve(name, reply) {
      cases.set(name, { reply, arrivals: [] });
      return `http://127.0.0.1:${port}${PREFIX}${name}`;
    },
    arrivalsAt: (name) => cases.get(name)?.arrivals ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `/r/<file>/<cutting>/v1/x?y` is the case `<file>/<cutting>` and the target `/v1/x?y`. */
function splitUrl(url: string): { name: string; target: string } {
  const [file = "", cutting = "", ...rest] = url.slice(PREFIX.length).split("/");
  return { name: `${file}/${cutting}`, target: `/${rest.join("/")}` };
}

async function receive(request: IncomingMessage, target: string): Promise<Arrival> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString("utf8");
  return { method: request.method ?? "", target, headers: request.headers, body };
}

/** These describe the recorded connection, not the answer. */
const CONNECTION_HEADERS = new Set(["connection", "content-encoding", "content-length", "date", "transfer-encoding"]);

/** Every piece is an HTTP chunk of its own, so a reader meets the cuts even where TCP joins packets. */
async function send(response: ServerResponse, { status, headers, pieces, beforeLast }: Reply): Promise<void> {
  response.socket?.setNoDelay(true);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  }
  if (pieces.length === 1) return void response.end(pieces[0]);
  for (const piece of pieces) {
    if (piece === pieces.at(-1)) await beforeLast?.();
    if (response.destroyed) return;
    response.write(piece);
    await nextTurn();
  }
  response.end();
}
