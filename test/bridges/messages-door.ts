/** The bridge as the gateway uses it, with everything around it kept short. */

import { messages } from "../../src/bridges/messages.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import type { Adapter, StreamFacts } from "../../src/core/provider.ts";
import { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { readUsage } from "../../src/protocol/openai.ts";
import { eventsOf } from "../../src/protocol/sse.ts";

export interface Behind {
  /** The provider's wire is translated from chat; otherwise it speaks chat itself. */
  readonly translated?: boolean;
  readonly model?: string;
  /** The server is OpenAI's, or Azure's. */
  readonly ownModels?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const LIMITS = { maxDepth: 64, maxValues: 1_000_000 };
const speaksChat = {} as Adapter;
const translates = { decodeStream: () => [] } as unknown as Adapter;

export const TARGET = { name: "p/m", provider: "p", model: "m" };
/** In place of a signature, on thoughts of TARGET. */
export const MARK = "reasoning_content@p/m";

export const hello: readonly JsonObject[] = [{ role: "user", content: "Hello" }];

export function requestOf(asked: JsonObject, headers: Behind["headers"] = {}): OpenAIRequest {
  const text = JSON.stringify({ model: "m", max_tokens: 100, messages: hello, ...asked });
  const body = JsonBody.parse(text, LIMITS);
  return { body, model: "m", stream: body.value.stream === true, headers };
}

/** What a request to /v1/messages becomes as a chat request. */
export function toChat(asked: JsonObject, behind: Behind = {}) {
  return textToChat(requestOf(asked, behind.headers), behind);
}

export function textToChat(
  request: OpenAIRequest,
  { translated = false, model = "m", ownModels = false }: Behind = {},
) {
  const inner = translated ? translates : { ...speaksChat, takesCompletionLimit: ownModels };
  const { request: sent, dropped } = messages.request(request, { ...TARGET, model }, inner);
  return { chat: sent.body.value, text: sent.body.text, dropped };
}

/** A chat completion's message, and what is told around it, as a message of Anthropic's. */
export function fromChat(message: JsonObject, around: JsonObject = {}, asked: JsonObject = {}): JsonObject {
  const { finish_reason = "stop", ...rest } = around;
  const choice = { index: 0, message: { role: "assistant", ...message }, finish_reason, ...rest };
  return fromCompletion({ id: "chatcmpl-1", model: "gpt-x", choices: [choice], ...around }, asked);
}

export function fromCompletion(completion: JsonObject, asked: JsonObject = {}): JsonObject {
  return JSON.parse(textFromCompletion(JSON.stringify(completion), asked));
}

export function textFromCompletion(body: string, asked: JsonObject = {}): string {
  const usage = readUsage((JSON.parse(body) as JsonObject).usage);
  return String(messages.decode({ body, usage }, { request: requestOf(asked), target: TARGET }).body);
}

export interface Streamed {
  readonly events: readonly JsonObject[];
  readonly text: string;
  readonly error: unknown;
  /** How many frames it took. */
  readonly frames: number;
}

/** The events that a chat's chunks become; each item is one frame of the provider's. */
export async function streamFromChat(
  chunks: readonly (JsonObject | readonly JsonObject[] | Error)[],
  { usage, asked = {} }: { usage?: JsonObject; asked?: JsonObject } = {},
): Promise<Streamed> {
  const facts: StreamFacts = { finished: false, usage: undefined };
  async function* frames() {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      yield Array.isArray(chunk)
        ? Frame.ofEvents(chunk.map((json) => ({ event: undefined, data: JSON.stringify(json), json })))
        : Frame.ofJson(chunk);
    }
    facts.finished = true;
    facts.usage = readUsage(usage);
    yield Frame.DONE;
  }
  const out: Frame[] = [];
  let error: unknown;
  try {
    const context = { request: requestOf({ stream: true, ...asked }), target: TARGET, facts };
    for await (const frame of messages.decodeStream(frames(), context)) out.push(frame);
  } catch (thrown) {
    error = thrown;
  }
  const text = out.map(({ bytes }) => Buffer.from(bytes).toString()).join("");
  const events = eventsOf(Buffer.from(text)).map(({ event, json }) => {
    if ((json as JsonObject).type !== event) throw new Error(`the event ${event} holds ${JSON.stringify(json)}`);
    return json as JsonObject;
  });
  return { events, text, error, frames: out.length };
}

export function chunk(delta: JsonObject, finish: string | null = null, around: JsonObject = {}): JsonObject {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model: "gpt-x",
    choices: [{ index: 0, delta, finish_reason: finish, ...around }],
  };
}

/** What a client ends up with that puts events together as Anthropic's own does; throws where their order is not Anthropic's. */
export function assemble(events: readonly JsonObject[]): JsonObject {
  let message: Record<string, unknown> = {};
  const content: Record<string, unknown>[] = [];
  const inputs = new Map<number, string>();
  let open: number | undefined;
  for (const event of events) {
    const index = event.index as number;
    switch (event.type) {
      case "message_start":
        message = { ...(event.message as JsonObject) };
        break;
      case "content_block_start":
        if (open !== undefined) throw new Error(`block ${index} begins while block ${open} is open`);
        if (index !== content.length) throw new Error(`block ${index} begins as number ${content.length}`);
        open = index;
        content.push({ ...(event.content_block as JsonObject) });
        break;
      case "content_block_delta":
        apply(event.delta as JsonObject, content[index]!, (piece) =>
          inputs.set(index, (inputs.get(index) ?? "") + piece),
        );
        break;
      case "content_block_stop":
        if (open !== index) throw new Error(`block ${index} ends while block ${open} is open`);
        if (inputs.get(index)) content[index]!.input = inputOf(inputs.get(index)!);
        open = undefined;
        break;
      case "message_delta":
        message = { ...message, ...(event.delta as JsonObject), usage: event.usage };
        break;
    }
  }
  if (open !== undefined) throw new Error(`block ${open} never ends`);
  return { ...message, content };
}

/** What a model was cut off in stays text. */
function inputOf(text: string): unknown {
  return tryParse(text) ?? { invalid_json: text };
}

function apply(delta: JsonObject, block: Record<string, unknown>, input: (piece: string) => void): void {
  if (delta.type === "text_delta") block.text = `${block.text}${delta.text}`;
  if (delta.type === "thinking_delta") block.thinking = `${block.thinking}${delta.thinking}`;
  if (delta.type === "signature_delta") block.signature = delta.signature;
  if (delta.type === "input_json_delta") input(String(delta.partial_json));
  if (delta.type === "citations_delta") block.citations = [...((block.citations as unknown[]) ?? []), delta.citation];
}
