/** Gemini's adapters as the gateway uses them, with everything around them kept short. */
import { readFileSync } from "node:fs";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { geminiAdapters } from "../../src/providers/gemini.ts";

export const NOW = 1_800_000_000_000;
export const MODEL = "gemini-2.5-flash";
export const NEW_MODEL = "gemini-3-flash-preview";

export const { chat, embeddings } = geminiAdapters({ apiKey: "AIza-test", now: () => NOW });

/** A chat that says hello, for tests about other fields. */
export const hello: readonly JsonObject[] = [{ role: "user", content: "Hello" }];

export function requestOf(value: JsonObject): OpenAIRequest {
  const body = JsonBody.of({ model: MODEL, ...value });
  return { body, model: String(body.value.model), stream: body.value.stream === true };
}

export interface Encoded {
  readonly path: string;
  readonly body: JsonObject;
  readonly dropped: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request becomes; `model` is the provider's name for it, as the route would have it. */
export function encodeWith(adapter: Adapter, value: JsonObject): Encoded {
  const request = requestOf(value);
  const { path, body, dropped, headers } = adapter.encode(request, targetOf(request.model));
  return { path, body: JSON.parse(String(body)), dropped, headers };
}

export function encode(value: JsonObject): Encoded {
  return encodeWith(chat, { messages: hello, ...value });
}

export function complete(body: unknown, value: JsonObject = {}, adapter: Adapter = chat) {
  const request = requestOf(value);
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return adapter.decode(bytes, { request, target: targetOf(request.model) });
}

export function decode(body: unknown, value: JsonObject = {}, adapter: Adapter = chat): JsonObject {
  return JSON.parse(String(complete(body, value, adapter).body));
}

/** The first choice's message of a whole answer. */
export function messageOf(answer: JsonObject): JsonObject {
  return (answer.choices as { message: JsonObject }[])[0]!.message;
}

interface Decoded {
  /** Every event's JSON, without `[DONE]`. */
  readonly chunks: readonly JsonObject[];
  readonly text: string;
  readonly facts: StreamFacts;
  /** What it broke with, after the chunks. */
  readonly error: unknown;
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export async function decodeStream(pieces: Pieces, value: JsonObject = {}): Promise<Decoded> {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const frames: Frame[] = [];
  let error: unknown;
  try {
    for await (const frame of framesOf(pieces, facts, value)) frames.push(frame);
  } catch (thrown) {
    error = thrown;
  }
  const events = frames.flatMap((frame) => frame.events);
  const chunks = events.flatMap(({ json }) => (json === undefined ? [] : [json as JsonObject]));
  return { chunks, text: frames.map(({ bytes }) => Buffer.from(bytes).toString()).join(""), facts, error };
}

export function framesOf(pieces: Pieces, facts: StreamFacts, value: JsonObject = {}): AsyncGenerator<Frame, void> {
  const request = requestOf({ stream: true, stream_options: { include_usage: true }, ...value });
  return chat.decodeStream!(asyncOf(pieces), { request, target: targetOf(request.model), facts });
}

async function* asyncOf(pieces: Pieces): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/gemini/${name}`, import.meta.url));
}

export function jsonFixture(name: string): JsonObject {
  return JSON.parse(fixture(name).toString());
}

export function targetOf(model: string) {
  return { name: `gemini/${model}`, provider: "gemini", model };
}

/** Events written as the provider writes them. */
export function eventStream(...events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(""));
}

/** An answer of these parts, as one event or as a whole. */
export function answerOf(parts: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    candidates: [{ content: { parts, role: "model" }, finishReason: "STOP", index: 0, ...more }],
    modelVersion: MODEL,
    responseId: "answer-1",
  };
}
