/** The node:http server under both planes: time limits for slow clients, and every refusal in OpenAI's shape. */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Server as NetServer } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Hono } from "hono";
import { asGatewayError, GatewayError } from "../core/error.ts";
import { errorResponse } from "./app.ts";

export interface ServerLimits {
  readonly maxHeaderBytes: number;
  /** For a client to send its headers. */
  readonly headersTimeoutMs: number;
  /** For a client to send its whole request. */
  readonly bodyTimeoutMs: number;
  readonly keepAliveMs: number;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Lets several processes share the port; the kernel spreads the connections. */
  readonly reusePort?: boolean;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no new connections, and tells the open ones to close after their next answer. */
  stopAccepting(): void;
  /** Ends idle connections now; resolves when all are gone. */
  close(): Promise<void>;
}

/** Answers on node's own objects; never rejects. */
export type DirectHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/**
 * `direct` handlers, by method and path as they stand in the request line, are a short cut past the app, which must have
 * them too: Web request and response objects cost some 8 µs that a call on the hot paths has no use for (measured).
 */
export async function startServer(
  // biome-ignore lint/suspicious/noExplicitAny: Hono's own bindings differ per plane and do not matter here
  app: Hono<any>,
  limits: ServerLimits,
  listen: ListenOptions,
  direct: ReadonlyMap<string, DirectHandler> = new Map(),
): Promise<RunningServer> {
  const listener = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    hostname: "gatehouse", // for requests without a Host header; nothing is ever decided by it
    // A body that nobody reads ends with its connection (see sendError), so nothing is left to be drained.
    autoCleanupIncoming: false,
    errorHandler: (thrown) => errorResponse(requestError(thrown)),
  });
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.bodyTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
      noDelay: true,
    },
    (incoming, outgoing) => {
      if (stopping) outgoing.shouldKeepAlive = false;
      const handler = direct.get(`${incoming.method} ${incoming.url}`);
      return handler ? handler(incoming, outgoing) : listener(incoming, outgoing);
    },
  );
  let stopping = false;
  server.on("clientError", refuse);
  server.on("connect", (_, socket: Socket) => refuseWith(socket, methodNotAllowed));
  await listening(server, listen);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const stopAccepting = () => {
    stopping = true;
    // http.Server's own close would cut idle connections on which a request may already be on its way.
    closed ??= new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  };
  return {
    port,
    stopAccepting,
    close() {
      stopAccepting();
      server.closeIdleConnections();
      return closed!;
    },
  };
}

function listening(server: Server, { host, port, reusePort = false }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, reusePort, backlog: 4096 }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new Error(
    `Port ${port} on ${host} is in use. Stop what listens there, or choose another port (--help tells how).`,
  );
}

function requestError(thrown: unknown): GatewayError {
  if (thrown instanceof RequestError) return new GatewayError("invalid_request", `${thrown.message}.`);
  return asGatewayError(thrown);
}

const methodNotAllowed = new GatewayError("method_not_allowed", "CONNECT is not allowed here.");
const badRequest = new GatewayError("invalid_request", "This is not a well-formed HTTP request.");
const tooSlow = new GatewayError("request_timeout", "The request did not arrive in time.");
const headersTooLarge = new GatewayError("headers_too_large", "The request's headers are larger than allowed here.");

/** What the HTTP parser refuses never reaches the app: it is answered on the bare socket. */
function refuse(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: { headersSent: boolean } }): void {
  // A response that has begun cannot be followed by another; a socket that was reset has nobody to read it.
  if (error.code === "ECONNRESET" || !socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  if (error.code === "HPE_HEADER_OVERFLOW") return refuseWith(socket, headersTooLarge);
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return refuseWith(socket, tooSlow);
  refuseWith(socket, badRequest);
}

function refuseWith(socket: Socket, error: GatewayError): void {
  const body = JSON.stringify(error.toBody());
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // A client that goes on sending is not read to its end.
  setTimeout(() => socket.destroy(), 1000).unref();
}
