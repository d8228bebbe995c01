/** The bridge from Responses to chat as a provider's adapter sees it, for suites about what it makes of JSON. */
import { responses } from "../../src/bridges/responses.ts";
import type { Conversation } from "../../src/core/conversations.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import { asGatewayError, type GatewayError } from "../../src/core/error.ts";
import type { StreamFacts } from "../../src/core/provider.ts";
import { isObject, JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { readUsage, type Usage } from "../../src/protocol/openai.ts";
import { openAICompatible } from "../../src/providers/openai-compatible.ts";
import { framesOf } from "../../src/routing/bridges.ts";

const target = { name: "p/model", provider: "p", model: "model" };
const speaksChat = openAICompatible({ streamUsage: false }).chat!;
/** An adapter that translates chat reads more than OpenAI's fields. */
const translates = { ...speaksChat, decodeStream: (bytes: never) => bytes };

export interface Asked {
  readonly translated?: boolean;
  readonly model?: string;
  readonly conversation?: Conversation;
}

export function requestOf(fields: JsonObject, { conversation }: Asked = {}): OpenAIRequest {
  const body = JsonBody.of({ model: "m", input: "hi", ...fields });
  return { body, model: "m", stream: fields.stream === true, ...(conversation ? { conversation } : {}) };
}

/** The chat that a request becomes, and what was named as dropped. */
export function encode(fields: JsonObject, asked: Asked = {}): { chat: JsonObject; dropped: readonly string[] } {
  const inner = asked.translated === false ? speaksChat : translates;
  const { request, dropped } = responses.request(
    requestOf(fields, asked),
    { ...target, model: asked.model ?? target.model },
    inner as typeof speaksChat,
  );
  return { chat: JSON.parse(request.body.text), dropped };
}

export function chatAnswer(message: JsonObject, choice: JsonObject = {}, more: JsonObject = {}): JsonObject {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", ...choice }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "answered", choices, usage, ...more };
}

/** The Response that a chat's answer becomes. */
export function decode(answer: JsonObject, fields: JsonObject = {}): JsonObject {
  const usage = readUsage(answer.usage);
  const { body } = responses.decode({ body: JSON.stringify(answer), usage }, { request: requestOf(fields), target });
  return JSON.parse(String(body));
}

export interface Streamed {
  readonly events: readonly JsonObject[];
  readonly names: readonly (string | undefined)[];
  readonly error: GatewayError | undefined;
  readonly usage: Usage | undefined;
}

/** The events that a chat's stream becomes, read through the adapter of a server that speaks chat. */
export async function decodeStream(pieces: Iterable<Uint8Array>, fields: JsonObject = {}): Promise<Streamed> {
  const facts: StreamFacts = { finished: false, usage: undefined };
  const context = { request: requestOf({ ...fields, stream: true }), target, facts };
  const frames = framesOf(
    speaksChat,
    (async function* () {
      yield* pieces;
    })(),
    context,
  );
  const events: JsonObject[] = [];
  const names: (string | undefined)[] = [];
  let error: GatewayError | undefined;
  try {
    for await (const frame of responses.decodeStream(frames, context)) {
      for (const { event, json } of frame.events) {
        names.push(event);
        if (isObject(json)) events.push(json);
      }
    }
  } catch (thrown) {
    error = asGatewayError(thrown);
  }
  return { events, names, error, usage: facts.usage };
}

/** Deltas as a server would stream them; the last choice ends it. */
export function chatStream(
  deltas: readonly JsonObject[],
  { finish = "stop", done = true }: { finish?: string | null; done?: boolean } = {},
): Buffer {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "answered" };
  const chunk = (delta: JsonObject, finish_reason: string | null = null) => {
    const { logprobs, ...rest } = delta;
    return { ...head, choices: [{ index: 0, delta: rest, finish_reason, ...(logprobs ? { logprobs } : {}) }] };
  };
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  const chunks: JsonObject[] = deltas.map((delta) => chunk(delta));
  if (finish !== null) chunks.push(chunk({}, finish), { ...head, choices: [], usage });
  const text = chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");
  return Buffer.from(text + (done ? "data: [DONE]\n\n" : ""));
}

export function lastResponse({ events }: Pick<Streamed, "events">): JsonObject {
  return events.at(-1)!.response as JsonObject;
}

export function outputOf(response: JsonObject): JsonObject[] {
  return response.output as JsonObject[];
}
