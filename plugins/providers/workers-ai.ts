/** Cloudflare's Workers AI in its own wire: the model stands in the path, and the answer is a bare text. An example of a whole translation. */
import {
  type Adapter,
  asksForUsage,
  ChatChunks,
  codeOfStatus,
  defineProvider,
  eventFrames,
  GatewayError,
  isObject,
  type JsonObject,
  messageFor,
  readUsage,
  retryAfterMs,
  type StreamFacts,
  sseEvents,
  z,
} from "../../src/plugin.ts";

export default defineProvider({
  settings: z.strictObject({
    accountId: z.string().min(1),
    apiKey: z.string().min(1),
    baseUrl: z.url({ protocol: /^https?$/ }).default("https://api.cloudflare.com/client/v4"),
  }),
  open: ({ accountId, apiKey, baseUrl }, { transportTo }) => ({
    adapters: { chat: workersAiChat(accountId, apiKey) },
    transport: transportTo(baseUrl),
  }),
});

function workersAiChat(accountId: string, apiKey: string): Adapter {
  const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
  const account = `/accounts/${encodeURIComponent(accountId)}`;
  const now = () => Math.floor(Date.now() / 1000);
  return {
    encode(request, { model }) {
      const { body, dropped } = requestOf(request.body.value, request.stream);
      // Models are named with slashes: `@cf/meta/llama-3.1-8b-instruct`.
      return { method: "POST", path: `${account}/ai/run/${encodeURI(model)}`, headers, body, dropped };
    },
    decode: (body, { target }) => answerOf(body.toString(), { created: now(), model: target.model }),
    decodeStream(bytes, { request, target, facts }) {
      const includeUsage = asksForUsage(request);
      return framesOf(bytes, new ChatChunks({ created: now(), model: target.model, includeUsage, facts }), facts);
    },
    decodeError: (status, body, responseHeaders) => {
      const code = codeOfStatus(status);
      const wait = retryAfterMs(responseHeaders);
      const details = { providerStatus: status, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
      return new GatewayError(code, messageFor(code, status, errorIn(body) ?? ""), details);
    },
  };
}

/** Fields that mean the same there. Everything else that asks for something is named as dropped. */
const SAME = ["temperature", "top_p", "top_k", "seed", "frequency_penalty", "presence_penalty", "response_format"];
const TRANSLATED = ["model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"];

function requestOf(chat: JsonObject, stream: boolean): { body: string; dropped: string[] } {
  const asked = Object.entries(chat).filter(([, value]) => value !== null && value !== undefined);
  const kept = asked.filter(([name]) => SAME.includes(name));
  const messages = (chat.messages as JsonObject[]).map(({ role, content }) => ({ role, content: textOf(content) }));
  const limit = chat.max_completion_tokens ?? chat.max_tokens;
  const body = {
    messages,
    ...Object.fromEntries(kept),
    ...(typeof limit === "number" ? { max_tokens: limit } : {}),
    ...(stream ? { stream } : {}),
  };
  const lost = asked.map(([name]) => name).filter((name) => !SAME.includes(name) && !TRANSLATED.includes(name));
  return { body: JSON.stringify(body), dropped: lost };
}

/** To leave out an image would be to answer another question: another provider may take it. */
function textOf(content: unknown): string {
  const parts: unknown[] = Array.isArray(content) ? content : [{ type: "text", text: content ?? "" }];
  const texts = parts.map((part) => {
    if (isObject(part) && part.type === "text") return String(part.text);
    throw new GatewayError("unsupported", "This model's provider takes text only.", { param: "messages" });
  });
  return texts.join("");
}

interface About {
  readonly created: number;
  readonly model: string;
}

function answerOf(text: string, { created, model }: About) {
  const { result } = parsed(text);
  if (!isObject(result) || result.response === undefined) {
    throw new GatewayError("upstream_invalid_response", "The provider's answer holds no response.");
  }
  const message = { role: "assistant", content: said(result.response), refusal: null };
  const completion = {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    ...(isObject(result.usage) ? { usage: result.usage } : {}),
  };
  return { body: JSON.stringify(completion), usage: readUsage(result.usage) };
}

/** Asked for JSON it answers with an object instead of its text. */
function said(response: unknown): string {
  return typeof response === "string" ? response : JSON.stringify(response ?? "");
}

function framesOf(bytes: AsyncIterable<Uint8Array>, chunks: ChatChunks, facts: StreamFacts) {
  return eventFrames(withEnd(bytes), facts, (event) => {
    facts.usage = readUsage(event.usage) ?? facts.usage;
    if (event.end === true) return chunks.end("stop");
    const text = said(event.response);
    return text === "" ? [] : chunks.begin([chunks.text(text)]);
  });
}

/** Its stream ends in `[DONE]`, which is no JSON. */
async function* withEnd(bytes: AsyncIterable<Uint8Array>) {
  for await (const { data, json } of sseEvents(bytes)) yield data === "[DONE]" ? END : { data, json };
}

const END = { data: "", json: { end: true } };

/** `{success: false, errors: [{code, message}]}` */
function errorIn(body: string): string | undefined {
  const { errors } = parsed(body);
  const [first] = Array.isArray(errors) ? errors : [];
  return isObject(first) && typeof first.message === "string" ? first.message : undefined;
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
