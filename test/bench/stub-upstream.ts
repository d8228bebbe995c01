/**
 * The upstream of the bench: a process that answers chat requests from bytes made beforehand, whole or paced.
 * It speaks HTTP/1.1 on raw sockets, because it shares a core with the load and must leave the measured process to be
 * the slow one. It tells its port over the process channel.
 */
import { createServer, type Socket } from "node:net";
import { MESSAGES, PASSED, type Pace, paceOf, type StreamShape, WHOLE_BODY } from "./traffic.ts";

const CRLF = Buffer.from("\r\n");
const framed = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]);
const head = (lines: readonly string[]) => Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);

const WHOLE = Buffer.concat([
  head(["HTTP/1.1 200 OK", "content-type: application/json", `content-length: ${WHOLE_BODY.length}`]),
  WHOLE_BODY,
]);
/** The pieces of a stream as they go over the socket. */
function onTheWire({ first, next, last }: StreamShape): StreamShape {
  const start = head([
    "HTTP/1.1 200 OK",
    "content-type: text/event-stream; charset=utf-8",
    "cache-control: no-cache",
    "transfer-encoding: chunked",
  ]);
  return {
    first: Buffer.concat([start, framed(first)]),
    next: framed(next),
    last: Buffer.concat([framed(last), Buffer.from("0\r\n\r\n")]),
  };
}

const OPENAI_STREAM = onTheWire(PASSED);
const MESSAGES_STREAM = onTheWire(MESSAGES);
const LENGTH_REQUIRED = head(["HTTP/1.1 411 Length Required", "content-length: 0"]);
const NOT_FOUND = head(["HTTP/1.1 404 Not Found", "content-length: 0"]);

interface Paced {
  readonly socket: Socket;
  readonly shape: StreamShape;
  readonly everyMs: number;
  left: number;
  dueAt: number;
}

const streams = new Set<Paced>();
let phase = 0;
let ticking = false;

/** The first chunk at once; the others each `everyMs`, at a phase of its own so that streams do not move in step. */
function startStream(socket: Socket, shape: StreamShape, pace: Pace): void {
  socket.write(shape.first);
  phase = (phase + 7) % pace.everyMs;
  const dueAt = performance.now() + pace.everyMs / 2 + phase;
  streams.add({ socket, shape, everyMs: pace.everyMs, left: pace.chunks, dueAt });
  if (!ticking) {
    ticking = true;
    setTimeout(tick, 1);
  }
}

function tick(): void {
  const now = performance.now();
  for (const stream of streams) if (stream.dueAt <= now) step(stream, now);
  ticking = streams.size > 0;
  if (ticking) setTimeout(tick, 1);
}

/** A late stream goes on from now: two chunks in one read would hide what a chunk costs. */
function step(stream: Paced, now: number): void {
  if (stream.socket.destroyed) {
    streams.delete(stream);
  } else if (stream.left === 0) {
    streams.delete(stream);
    stream.socket.write(stream.shape.last);
  } else {
    stream.left -= 1;
    stream.dueAt = Math.max(stream.dueAt + stream.everyMs, now + stream.everyMs / 2);
    stream.socket.write(stream.shape.next);
  }
}

function answer(socket: Socket, requestLine: string, body: Buffer): void {
  if (!requestLine.startsWith("POST ")) {
    socket.write(NOT_FOUND);
    return;
  }
  const pace = body.includes("paced;") ? paceOf(body.toString("latin1")) : undefined;
  if (pace) startStream(socket, requestLine.includes("/messages") ? MESSAGES_STREAM : OPENAI_STREAM, pace);
  else socket.write(WHOLE);
}

/** Reads requests with a content-length; whoever sends another kind is told so with 411. */
function serve(socket: Socket): void {
  let held: Buffer | undefined;
  socket.on("data", (bytes: Buffer) => {
    let rest = held ? Buffer.concat([held, bytes]) : bytes;
    held = undefined;
    while (rest.length > 0) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) break;
      const headers = rest.toString("latin1", 0, end);
      const length = /content-length: *(\d+)/i.exec(headers)?.[1] ?? (headers.startsWith("GET ") ? "0" : undefined);
      if (length === undefined) {
        socket.end(LENGTH_REQUIRED);
        return;
      }
      const until = end + 4 + Number(length);
      if (rest.length < until) break;
      answer(socket, headers.slice(0, headers.indexOf("\r\n")), rest.subarray(end + 4, until));
      rest = rest.subarray(until);
    }
    if (rest.length > 0) held = rest;
  });
  socket.on("error", () => socket.destroy());
}

const server = createServer({ noDelay: true }, serve);
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address && typeof address === "object") process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit(0));
