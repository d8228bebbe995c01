/** Any wire's adapter as the gateway uses it, with everything around it kept short. */
import { readFileSync } from "node:fs";
import type { Completion } from "../../src/core/answer.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";

export const NOW = 1_800_000_000_000;

export interface Encoded {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

export interface Decoded {
  readonly frames: readonly Frame[];
  /** Every event's JSON, without `[DONE]`. */
  readonly chunks: readonly JsonObject[];
  readonly text: string;
  readonly facts: StreamFacts;
  /** What it broke with, after the chunks. */
  readonly error: unknown;
}

export interface Door {
  readonly adapter: Adapter;
  encode(request: JsonObject): Encoded;
  complete(body: unknown, request?: JsonObject): Completion;
  decode(body: unknown, request?: JsonObject): JsonObject;
  /** Asks for usage unless the request says otherwise. */
  stream(pieces: Pieces, request?: JsonObject): Promise<Decoded>;
  frames(pieces: Pieces, facts: StreamFacts, request?: JsonObject): AsyncGenerator<Frame, void>;
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** `minimal` is the least a request has to hold, for tests about other fields. */
export function doorTo(adapter: Adapter, minimal: JsonObject & { readonly model: string }): Door {
  const requestOf = (fields: JsonObject): OpenAIRequest => {
    const body = JsonBody.of({ ...minimal, ...fields });
    return { body, model: String(body.value.model), stream: body.value.stream === true };
  };
  const contextOf = (fields: JsonObject) => {
    const request = requestOf(fields);
    const { model } = request;
    return { request, target: { name: `it/${model}`, provider: "it", model } };
  };
  const complete: Door["complete"] = (body, fields = {}) => {
    const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    return adapter.decode(bytes, contextOf(fields));
  };
  const frames: Door["frames"] = (pieces, facts, fields = {}) => {
    const context = contextOf({ stream: true, stream_options: { include_usage: true }, ...fields });
    return adapter.decodeStream!(asyncOf(pieces), { ...context, facts });
  };
  return {
    adapter,
    encode(fields) {
      const { request, target } = contextOf(fields);
      const { path, headers, body, dropped } = adapter.encode(request, target);
      return { path, headers, text: String(body), body: JSON.parse(String(body)), dropped };
    },
    complete,
    decode: (body, fields) => JSON.parse(String(complete(body, fields).body)),
    frames,
    async stream(pieces, fields) {
      const facts: StreamFacts = { finished: false, usage: undefined };
      const came: Frame[] = [];
      let error: unknown;
      try {
        for await (const frame of frames(pieces, facts, fields)) came.push(frame);
      } catch (thrown) {
        error = thrown;
      }
      const events = came.flatMap((frame) => frame.events);
      const chunks = events.flatMap(({ json }) => (json === undefined ? [] : [json as JsonObject]));
      const text = came.map(({ bytes }) => Buffer.from(bytes).toString()).join("");
      return { frames: came, chunks, text, facts, error };
    },
  };
}

async function* asyncOf(pieces: Pieces): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

export function messageOf(answer: JsonObject): JsonObject {
  return choiceOf(answer).message as JsonObject;
}

export function choiceOf(answer: JsonObject): JsonObject {
  return (answer.choices as JsonObject[])[0]!;
}

/** Events as server-sent ones, with their type as the event's name where they have one. */
export function eventStream(...events: readonly (JsonObject | string)[]): Buffer {
  const written = events.map((event) => {
    if (typeof event === "string") return `data: ${event}\n\n`;
    const name = event.type === undefined ? "" : `event: ${event.type}\n`;
    return `${name}data: ${JSON.stringify(event)}\n\n`;
  });
  return Buffer.from(written.join(""));
}

export function lines(...values: readonly JsonObject[]): Buffer {
  return Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

/** A file under `test/fixtures`. */
export function fixture(path: string): Buffer {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
}

export function jsonFixture(path: string): JsonObject {
  return JSON.parse(fixture(path).toString());
}
