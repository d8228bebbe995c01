/** A provider on loopback that does what a test tells it, and tells what reached it and when its connections closed. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The body, for what is no text. */
  readonly bytes: Buffer;
  /** Resolves to the time (`performance.now()`) at which the connection of this request closed. */
  readonly closed: Promise<number>;
}

export type Behaviour = (request: Received, response: ServerResponse) => void | Promise<void>;

export interface Upstream {
  readonly url: string;
  readonly received: Received[];
  /** What to do with the next requests; the last one set counts. */
  answer(behaviour: Behaviour): void;
  /** Connections open now. */
  readonly open: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startUpstream(initial: Behaviour = (_, response) => json(response, {})): Promise<Upstream> {
  let behaviour = initial;
  const received: Received[] = [];
  const open = new Set<Socket>();
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    const closed = new Promise<number>((resolve) => response.on("close", () => resolve(performance.now())));
    incoming.on("error", () => {}); // the gateway may leave at any moment
    response.on("error", () => {});
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return; // it left before its request was whole
    }
    const bytes = Buffer.concat(chunks);
    const about = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers };
    const request = { ...about, body: bytes.toString(), bytes, closed };
    received.push(request);
    await behaviour(request, response);
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    open,
    answer(next) {
      behaviour = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function eventStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

export function completion(text: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "stub-model",
    choices: [
      { index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    ...extra,
  };
}

export function chunk(text: string, finish: string | null = null): string {
  const choice = { index: 0, delta: finish ? {} : { content: text }, finish_reason: finish };
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "stub-model",
    choices: [choice],
  });
}

export function event(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

export const DONE = event("[DONE]");
