/** Writes answers to the client's socket. Not through web streams: one write per frame, and `write` tells when to wait. */
import type { ServerResponse } from "node:http";
import type { Answer, StreamAnswer, WholeAnswer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { Endpoint, ErrorForm } from "../core/endpoint.ts";
import { asGatewayError, type GatewayError } from "../core/error.ts";

export interface ReplyOptions {
  /** How long a client may leave what is written to it unread. */
  readonly slowReaderMs: number;
}

/** Undefined when the answer is on its way already: whole ones have nothing to wait for. */
export function sendAnswer(
  outgoing: ServerResponse,
  call: Call,
  answer: Answer,
  options: ReplyOptions,
): Promise<void> | undefined {
  if (answer.kind === "stream") return sendStream(outgoing, call, answer, options);
  sendWhole(outgoing, call, answer);
  return undefined;
}

function sendWhole(outgoing: ServerResponse, call: Call, { source, completion }: WholeAnswer): void {
  const { body, contentType = "application/json" } = completion;
  const headers = callHeaders(call, source.target);
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  headers.push("content-type", contentType, "content-length", String(length));
  outgoing.writeHead(200, headers);
  // Up to this size head and body leave in one write when the body is a string of bytes too, not a buffer beside it.
  if (typeof body !== "string" && body.byteLength <= MAX_JOINED_BYTES) outgoing.end(asLatin1(body), "latin1");
  else outgoing.end(body);
}

const MAX_JOINED_BYTES = 64 * 1024;

function asLatin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

async function sendStream(
  outgoing: ServerResponse,
  call: Call,
  { source, frames, contentType = "text/event-stream; charset=utf-8" }: StreamAnswer,
  { slowReaderMs }: ReplyOptions,
): Promise<void> {
  const headers = callHeaders(call, source.target);
  headers.push("content-type", contentType);
  const events = contentType.startsWith("text/event-stream");
  if (events) headers.push(...STREAM_HEADERS);
  outgoing.writeHead(200, headers);
  try {
    for await (const frame of frames) {
      if (!outgoing.write(frame.bytes)) await drained(outgoing, slowReaderMs);
      if (outgoing.destroyed) return;
    }
    outgoing.end();
  } catch (thrown) {
    // Other bytes than events have no place for an error: the connection that breaks off tells it.
    if (!events) return void outgoing.destroy();
    // The client must not take a broken stream for a finished one: an error event, and no [DONE].
    if (!outgoing.destroyed)
      outgoing.end((call.endpoint.errors ?? OPENAI_ERRORS).event(asGatewayError(thrown), call.id));
  }
}

/** Resolves when the client has caught up or is gone; one that reads nothing for too long is let go. */
function drained(outgoing: ServerResponse, slowReaderMs: number): Promise<void> {
  if (outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    const timer = setTimeout(() => outgoing.destroy(), slowReaderMs);
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}

/** An error in the endpoint's shape. Safe to call when the client has left or an answer has begun: then it only ends the connection. */
export function sendError(
  outgoing: ServerResponse,
  error: GatewayError,
  { id, overheadMs, endpoint, told }: { id: string; overheadMs: number; endpoint: Endpoint; told: readonly string[] },
): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const form = endpoint.errors ?? OPENAI_ERRORS;
  const body = JSON.stringify(form.body(error, id));
  const { retryAfterMs, attempts } = error.details;
  outgoing.writeHead(form.status?.(error) ?? error.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-request-id": id,
    "x-gatehouse-call-id": id,
    "x-gatehouse-overhead-ms": overheadMs.toFixed(2),
    ...(endpoint.idHeader === undefined ? {} : { [endpoint.idHeader]: id }),
    "x-gatehouse-attempts": String(attempts?.length ?? 0),
    ...(retryAfterMs === undefined
      ? {}
      : { "retry-after": String(Math.ceil(retryAfterMs / 1000)), "retry-after-ms": String(Math.ceil(retryAfterMs)) }),
    ...Object.fromEntries(told.flatMap((name, at) => (at % 2 === 0 ? [[name, told[at + 1]!]] : []))),
    // What is still being sent of an unread request has nobody to read it.
    ...(outgoing.req.complete ? {} : { connection: "close" }),
  });
  outgoing.end(body);
}

const OPENAI_ERRORS: ErrorForm = {
  body: (error) => error.toBody(),
  event: (error) => `data: ${JSON.stringify(error.toBody())}\n\n`,
};

const STREAM_HEADERS = ["cache-control", "no-cache, no-transform", "x-accel-buffering", "no"];

/** Names and values in turn, as node takes them without building an object. */
function callHeaders(call: Call, target: string): string[] {
  const { id, notes, endpoint } = call;
  const headers = ["x-request-id", id, "x-gatehouse-call-id", id, "x-gatehouse-target", headerText(target)];
  headers.push("x-gatehouse-attempts", String(notes.attempts.length));
  headers.push("x-gatehouse-overhead-ms", notes.overheadMs.toFixed(2));
  if (endpoint.idHeader !== undefined) headers.push(endpoint.idHeader, id);
  if (notes.dropped.length > 0) headers.push("x-gatehouse-dropped", headerText(notes.dropped.join(", ")));
  if (notes.told.length > 0) headers.push(...notes.told);
  return headers;
}

/** Model names come from callers too; a header holds visible ASCII only. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text);
}
