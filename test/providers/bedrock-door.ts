/** The adapters as the gateway uses them, with everything around them kept short. */
import { crc32 } from "node:zlib";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { StreamFacts } from "../../src/core/provider.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { type BedrockOptions, bedrockChat } from "../../src/providers/bedrock.ts";

export const NOW = 1_800_000_000_000;

/** A model of every kind of handling. */
export const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const OLD_CLAUDE = "anthropic.claude-3-5-sonnet-20241022-v2:0";
export const NOVA = "amazon.nova-lite-v1:0";
export const NOVA_2 = "us.amazon.nova-2-lite-v1:0";
export const GPT_OSS = "openai.gpt-oss-120b-1:0";
export const QWEN = "qwen.qwen3-32b-v1:0";
export const LLAMA = "meta.llama3-3-70b-instruct-v1:0";

export const adapterWith = (options: BedrockOptions = {}) =>
  bedrockChat({ now: () => NOW, newId: () => "1", ...options });

/** A chat that says hello, for tests about other fields. */
export const hello: readonly JsonObject[] = [{ role: "user", content: "Hello" }];

export function requestOf(chat: JsonObject): OpenAIRequest {
  const body = JsonBody.of({ model: CLAUDE, messages: hello, ...chat });
  return { body, model: String(body.value.model), stream: body.value.stream === true };
}

export interface Encoded {
  readonly path: string;
  readonly body: JsonObject;
  readonly dropped: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What a chat becomes; `model` is the provider's name for it, as the route would have it. */
export function encode(chat: JsonObject, options: BedrockOptions = {}): Encoded {
  const request = requestOf(chat);
  const { path, body, dropped, headers } = adapterWith(options).encode(request, targetOf(request.model));
  return { path, body: JSON.parse(String(body)), dropped, headers };
}

/** What was said between the user and the model. */
export function turnsOf(messages: readonly JsonObject[], chat: JsonObject = {}): readonly JsonObject[] {
  return encode({ messages, ...chat }).body.messages as JsonObject[];
}

export function decode(body: unknown, chat: JsonObject = {}, options: BedrockOptions = {}): JsonObject {
  return JSON.parse(String(complete(body, chat, options).body));
}

export function complete(body: unknown, chat: JsonObject = {}, options: BedrockOptions = {}) {
  const request = requestOf(chat);
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return adapterWith(options).decode(bytes, { request, target: targetOf(request.model) });
}

/** Converse's answer with these blocks. */
export function answerOf(content: readonly JsonObject[], rest: JsonObject = {}): JsonObject {
  return { output: { message: { role: "assistant", content } }, stopReason: "end_turn", ...rest };
}

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

export async function decodeStream(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  chat: JsonObject = {},
  options: BedrockOptions = {},
): Promise<Decoded> {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const request = requestOf({ stream: true, stream_options: { include_usage: true }, ...chat });
  const context = { request, target: targetOf(request.model), facts };
  const frames: Frame[] = [];
  let error: unknown;
  try {
    for await (const frame of adapterWith(options).decodeStream!(asyncOf(pieces), context)) frames.push(frame);
  } catch (thrown) {
    error = thrown;
  }
  const events = frames.flatMap((frame) => frame.events);
  const chunks = events.flatMap(({ json }) => (json === undefined ? [] : [json as JsonObject]));
  return { chunks, text: frames.map(({ bytes }) => Buffer.from(bytes).toString()).join(""), facts, error };
}

export async function* asyncOf(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

export function targetOf(model: string) {
  return { name: `bedrock/${model}`, provider: "bedrock", model };
}

/** A header as the format writes it; numbers stand for a header of that type with a value of zeros. */
type Header = readonly [name: string, value: string | { readonly type: number; readonly bytes: Buffer }];

/** One message of the binary event stream, written by the format's description. */
export function frameOf(headers: readonly Header[], payload: Buffer): Buffer {
  const written = Buffer.concat(
    headers.map(([name, value]) => {
      const head = Buffer.from([Buffer.byteLength(name), ...Buffer.from(name)]);
      if (typeof value !== "string") return Buffer.concat([head, Buffer.from([value.type]), value.bytes]);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([head, Buffer.from([7]), length, Buffer.from(value)]);
    }),
  );
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(12 + written.length + payload.length + 4, 0);
  prelude.writeUInt32BE(written.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, written, payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}

export function eventOf(type: string, payload: JsonObject): Buffer {
  const headers = [
    [":event-type", type],
    [":content-type", "application/json"],
    [":message-type", "event"],
  ] as const;
  return frameOf(headers, Buffer.from(JSON.stringify({ ...payload, p: "abcdefgh" })));
}

export function exceptionOf(type: string, payload: JsonObject): Buffer {
  const headers = [
    [":exception-type", type],
    [":content-type", "application/json"],
    [":message-type", "exception"],
  ] as const;
  return frameOf(headers, Buffer.from(JSON.stringify(payload)));
}

type Event = readonly [type: string, payload: JsonObject];

export function eventsOf(...events: readonly Event[]): Buffer {
  return Buffer.concat(events.map(([type, payload]) => eventOf(type, payload)));
}

export const textDelta = (text: string, contentBlockIndex = 0): Event => [
  "contentBlockDelta",
  { contentBlockIndex, delta: { text } },
];

export const START: Event = ["messageStart", { role: "assistant" }];

/** The last two events. */
export function endOf(stopReason: string, usage: JsonObject = { inputTokens: 5, outputTokens: 3 }): Event[] {
  return [
    ["messageStop", { stopReason }],
    ["metadata", { usage, metrics: { latencyMs: 12 } }],
  ];
}
