/** The built-in demo model: needs no network and no account, says the same for the same question, and says what it is. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { wholeBody } from "../core/outbound-body.ts";
import type { Exchange, Outbound, Transport } from "../core/provider.ts";
import { defineProvider, type OpenProvider } from "../core/provider-kind.ts";
import type { CallSignal } from "../core/signal.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import { streamExchange, wholeExchange } from "./inside.ts";
import { openAICompatible } from "./openai-compatible.ts";

interface DemoOptions {
  readonly tokensPerSecond: number;
}

export default defineProvider({
  settings: z.strictObject({ tokensPerSecond: z.number().positive().max(10_000).default(50) }),
  open: demo,
});

/** A server that speaks OpenAI, inside this process: the same adapters as for a real one, and a transport of its own. */
function demo({ tokensPerSecond }: DemoOptions): OpenProvider {
  const transport: Transport = async (outbound, { signal }) => {
    const request = requestOf(outbound);
    if (outbound.path === "/embeddings") return answered(embeddingsFor(request));
    const answer = answerFor(outbound.path, request);
    const pauseMs = 1000 / tokensPerSecond;
    return request.stream === true ? streamExchange(streamOf(answer, { pauseMs, signal })) : answered(wholeOf(answer));
  };
  const { chat, completions, embeddings } = openAICompatible({ streamUsage: true });
  return { adapters: { chat: chat!, completions: completions!, embeddings: embeddings! }, transport };
}

function answered(text: string): Exchange {
  return wholeExchange(Buffer.from(text));
}

function requestOf({ body }: Outbound): JsonObject {
  const whole = wholeBody(body);
  const json = tryParse(typeof whole === "string" ? whole : Buffer.from(whole).toString());
  return isObject(json) ? json : {};
}

interface DemoAnswer {
  readonly id: string;
  readonly chat: boolean;
  readonly model: string;
  readonly words: readonly string[];
  readonly finish: "stop" | "length";
  readonly usage: JsonObject | undefined;
  readonly promptTokens: number;
}

function answerFor(path: string, request: JsonObject): DemoAnswer {
  const question = lastWords(request);
  const text =
    "This is Gatehouse's built-in demo model; no real model has answered. " +
    (question === "" ? "You sent no text." : `You wrote: “${question}”. `) +
    "Set OPENAI_API_KEY or another provider's key and start again to ask a real one.";
  const all = text.match(/\S+\s*/g) ?? [];
  const words = limited(all, request);
  const promptTokens = Math.ceil(JSON.stringify(request.messages ?? request.prompt ?? "").length / 4);
  return {
    id: `chatcmpl-demo-${createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 24)}`,
    chat: path === "/chat/completions",
    model: String(request.model),
    words,
    finish: words.length < all.length ? "length" : "stop",
    promptTokens,
    usage: isObject(request.stream_options) && request.stream_options.include_usage ? {} : undefined,
  };
}

const MAX_ECHO = 200;

function lastWords(request: JsonObject): string {
  const messages = Array.isArray(request.messages) ? (request.messages as readonly unknown[]) : [];
  const message = messages.findLast((one) => isObject(one) && one.role === "user");
  const content = isObject(message) ? message.content : request.prompt;
  const text = Array.isArray(content)
    ? content.map((part) => (isObject(part) ? (part.text ?? "") : part)).join(" ")
    : String(content ?? "");
  return text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)}…` : text;
}

function limited(words: readonly string[], request: JsonObject): readonly string[] {
  const limit = Number(request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(limit) ? words.slice(0, Math.max(1, limit)) : words;
}

function usageOf({ words, promptTokens }: DemoAnswer): JsonObject {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: words.length,
    total_tokens: promptTokens + words.length,
  };
}

// The same for the same request: a demo answer has no moment of its own.
const CREATED = 1_700_000_000;

function wholeOf(answer: DemoAnswer): string {
  const text = answer.words.join("");
  const choice = answer.chat
    ? {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: answer.finish,
      }
    : { index: 0, text, logprobs: null, finish_reason: answer.finish };
  const object = answer.chat ? "chat.completion" : "text_completion";
  return JSON.stringify({ ...head(answer, object), choices: [choice], usage: usageOf(answer) });
}

function head({ id, model }: DemoAnswer, object: string): JsonObject {
  return { id, object, created: CREATED, model };
}

async function* streamOf(
  answer: DemoAnswer,
  { pauseMs, signal }: { pauseMs: number; signal: CallSignal },
): AsyncGenerator<Uint8Array, undefined> {
  const object = answer.chat ? "chat.completion.chunk" : "text_completion";
  const event = (fields: JsonObject) =>
    Buffer.from(`data: ${JSON.stringify({ ...head(answer, object), ...fields })}\n\n`);
  const piece = (text: string, first: boolean, finish: string | null) =>
    answer.chat
      ? {
          index: 0,
          delta: { ...(first ? { role: "assistant" } : {}), ...(text ? { content: text } : {}) },
          finish_reason: finish,
        }
      : { index: 0, text, logprobs: null, finish_reason: finish };
  for (const [index, word] of answer.words.entries()) {
    if (index > 0) await signal.wait(pauseMs);
    yield event({ choices: [piece(word, index === 0, null)] });
  }
  yield event({ choices: [piece("", false, answer.finish)] });
  if (answer.usage) yield event({ choices: [], usage: usageOf(answer) });
  yield Buffer.from("data: [DONE]\n\n");
  return undefined;
}

const DIMENSIONS = 64;

/** Vectors that are the same for the same text and mean nothing. */
function embeddingsFor(request: JsonObject): string {
  const { input } = request;
  const inputs: readonly unknown[] = Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
  const data = inputs.map((text, index) => {
    const vector = vectorOf(typeof text === "string" ? text : JSON.stringify(text));
    const embedding =
      request.encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  const tokens = Math.ceil(JSON.stringify(input).length / 4);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return JSON.stringify({ object: "list", data, model: request.model, usage });
}

function vectorOf(text: string): Float32Array {
  const bytes = createHash("shake256", { outputLength: DIMENSIONS }).update(text).digest();
  const raw = Float32Array.from(bytes, (byte) => byte - 127.5);
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}
