/** The adapter as the gateway uses it, with everything around it kept short. */
import { readFileSync } from "node:fs";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { type AnthropicOptions, anthropicChat } from "../../src/providers/anthropic.ts";

export const NOW = 1_800_000_000_000;

export const adapterWith = (options: AnthropicOptions = {}) =>
  anthropicChat({ apiKey: "sk-ant-test", now: () => NOW, ...options });

const adapter = adapterWith();

/** A chat that says hello, for tests about other fields. */
export const hello: readonly JsonObject[] = [{ role: "user", content: "Hello" }];

export function requestOf(chat: JsonObject): OpenAIRequest {
  const body = JsonBody.of({ model: "claude-haiku-4-5", messages: hello, ...chat });
  return { body, model: String(body.value.model), stream: body.value.stream === true };
}

export interface Encoded {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What a chat becomes; `model` is the provider's name for it, as the route would have it. */
export function encode(chat: JsonObject, options: AnthropicOptions = {}): Encoded {
  const request = requestOf(chat);
  const { body, dropped, headers } = adapterWith(options).encode(request, targetOf(request.model));
  return { body: JSON.parse(String(body)), dropped, headers };
}

export function decode(body: unknown, chat: JsonObject = {}): JsonObject {
  return JSON.parse(String(complete(body, chat).body));
}

export function complete(body: unknown, chat: JsonObject = {}) {
  const request = requestOf(chat);
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return adapter.decode(bytes, { request, target: targetOf(request.model) });
}

interface Decoded {
  /** Every event's JSON, without `[DONE]`. */
  readonly chunks: readonly JsonObject[];
  readonly text: string;
  readonly facts: StreamFacts;
  /** What it broke with, after the chunks. */
  readonly error: unknown;
}

export async function decodeStream(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  chat: JsonObject = {},
): Promise<Decoded> {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const frames: Frame[] = [];
  let error: unknown;
  try {
    for await (const frame of framesOf(pieces, facts, chat)) frames.push(frame);
  } catch (thrown) {
    error = thrown;
  }
  const events = frames.flatMap((frame) => frame.events);
  const chunks = events.flatMap(({ json }) => (json === undefined ? [] : [json as JsonObject]));
  return { chunks, text: frames.map(({ bytes }) => Buffer.from(bytes).toString()).join(""), facts, error };
}

export function framesOf(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  facts: StreamFacts,
  chat: JsonObject = {},
): AsyncGenerator<Frame, void> {
  const request = requestOf({ stream: true, stream_options: { include_usage: true }, ...chat });
  return adapter.decodeStream!(asyncOf(pieces), { request, target: targetOf(request.model), facts });
}

async function* asyncOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/anthropic/${name}`, import.meta.url));
}

export function jsonFixture(name: string): JsonObject {
  return JSON.parse(fixture(name).toString());
}

export function targetOf(model: string) {
  return { name: `anthropic/${model}`, provider: "anthropic", model };
}

/** Events written as the provider writes them. */
export function eventStream(...events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
}

/** What a client that concatenates deltas ends up with: a whole answer's message, and the rest of its choice. */
export function assemble(chunks: readonly JsonObject[]): JsonObject {
  const message: Record<string, unknown> = {};
  const answer: Record<string, unknown> = {};
  let choice: JsonObject = {};
  for (const { choices, object: _, ...rest } of chunks) {
    Object.assign(answer, rest);
    for (const { delta, ...around } of choices as JsonObject[]) {
      choice = { ...choice, ...around };
      for (const [name, value] of Object.entries(delta as JsonObject))
        message[name] = joined(message[name], value, name);
    }
  }
  return { ...answer, choices: [{ ...choice, message }] };
}

function joined(before: unknown, value: unknown, name: string): unknown {
  if (typeof before === "string" && typeof value === "string") return before + value;
  if (!Array.isArray(value)) return value;
  if (name !== "tool_calls") return [...((before as unknown[]) ?? []), ...value];
  const calls = [...((before as JsonObject[]) ?? [])];
  for (const { index, ...call } of value as JsonObject[]) {
    const known = calls[index as number];
    calls[index as number] = known ? withMoreArguments(known, call) : call;
  }
  return calls;
}

function withMoreArguments(call: JsonObject, more: JsonObject): JsonObject {
  const before = call.function as JsonObject;
  const text = `${before.arguments}${(more.function as JsonObject).arguments}`;
  return { ...call, function: { ...before, arguments: text } };
}
