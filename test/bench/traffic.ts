/** The bytes of the bench: what the load sends, what the stub answers, and what the load must therefore get back. */

export const MODEL = "bench";
/** The same, from an upstream that speaks Anthropic's Messages. */
export const TRANSLATED_MODEL = "bench-translated";

/** How a streamed answer is to be paced; it travels in the request's `user` field, which every gateway hands on. */
export interface Pace {
  readonly chunks: number;
  readonly everyMs: number;
}

const CREATED = 1_790_000_000;

const messages = [
  {
    role: "system",
    content:
      "You are the support assistant of a furniture shop. Answer in two or three friendly sentences, name the " +
      "paragraph of the terms that applies, and ask for the order number when the customer has not given one. " +
      "Never promise a date of delivery; say that the warehouse will write.",
  },
  {
    role: "user",
    content:
      "Hello, the oak shelf I ordered three weeks ago came with a scratched side panel and two of the brackets are " +
      "missing. I would like to keep the shelf. Can you send me the panel and the brackets, and who pays for that? I can send " +
      "pictures of the damage if you need them.",
  },
];

const wholeRequest = { model: MODEL, messages, temperature: 0.3, max_tokens: 256, user: "customer-40211" };

interface RequestOptions {
  readonly port: number;
  readonly key: string;
  readonly pace?: Pace | undefined;
  readonly model?: string;
}

/** One `POST /v1/chat/completions` as it goes over the socket. */
export function requestBytes({ port, key, pace, model = MODEL }: RequestOptions): Buffer {
  const body = pace
    ? JSON.stringify({
        ...wholeRequest,
        model,
        stream: true,
        user: `paced;chunks=${pace.chunks};everyMs=${pace.everyMs}`,
      })
    : JSON.stringify(wholeRequest);
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    "accept: application/json",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    "user-agent: gatehouse-bench",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** What a request body asks of the stub: a pace for a stream, nothing for a whole answer. */
export function paceOf(body: string): Pace | undefined {
  const found = /paced;chunks=(\d+);everyMs=(\d+)/.exec(body);
  return found ? { chunks: Number(found[1]), everyMs: Number(found[2]) } : undefined;
}

export const WHOLE_BODY = Buffer.from(
  JSON.stringify({
    id: "chatcmpl-Bench00000000000000000001",
    object: "chat.completion",
    created: CREATED,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content:
            "I am sorry about the shelf. Under paragraph 7 of our terms we send the panel and the brackets free of " +
            "charge, and you keep everything you have. Please tell me your order number so that I can start it today.",
          refusal: null,
        },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 118, completion_tokens: 49, total_tokens: 167 },
    system_fingerprint: "fp_bench",
  }),
);

/** The pieces of a streamed answer: `first`, then `pace.chunks` times `next`, then `last`, which is several events. */
export interface StreamShape {
  readonly first: Buffer;
  readonly next: Buffer;
  readonly last: Buffer;
}

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({
    id: "chatcmpl-Bench00000000000000000001",
    object: "chat.completion.chunk",
    created: CREATED,
    model: MODEL,
    system_fingerprint: "fp_bench",
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

/** A stream of OpenAI's, which passes unchanged. */
export const PASSED: StreamShape = {
  first: Buffer.from(chunk({ role: "assistant", content: "" }, null)),
  next: Buffer.from(chunk({ content: " a token" }, null)),
  last: Buffer.from(`${chunk({}, "stop")}data: [DONE]\n\n`),
};

const event = (data: { readonly type: string; readonly [name: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const message = {
  id: "msg_Bench0000000000000000001",
  type: "message",
  role: "assistant",
  model: MODEL,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 118, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
};

/** The same stream as Anthropic's events. */
export const MESSAGES: StreamShape = {
  first: Buffer.from(
    event({ type: "message_start", message }) +
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  ),
  next: Buffer.from(event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " a token" } })),
  last: Buffer.from(
    event({ type: "content_block_stop", index: 0 }) +
      event({
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 49 },
      }) +
      event({ type: "message_stop" }),
  ),
};

/** What the gateway makes of `MESSAGES`; only the second it was made in is not known beforehand. */
export function translated(created: string): StreamShape {
  const told = (choice: object) =>
    `data: {"id":"${message.id}","object":"chat.completion.chunk","created":${created},"model":"${MODEL}","choices":[${JSON.stringify(choice)}]}\n\n`;
  const delta = (delta: object) => told({ index: 0, delta, finish_reason: null });
  return {
    first: Buffer.from(delta({ role: "assistant", content: "", refusal: null })),
    next: Buffer.from(delta({ content: " a token" })),
    last: Buffer.from(`${told({ index: 0, delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`),
  };
}

/** The second in which a translated answer says it was made. */
export function createdIn(start: Buffer): string {
  return /"created":(\d+)/.exec(start.toString("latin1"))?.[1] ?? "0";
}

/** The whole body of a stream of this pace. */
export const streamBody = ({ first, next, last }: StreamShape, { chunks }: Pace) =>
  Buffer.concat([first, ...Array<Buffer>(chunks).fill(next), last]);

/** How many chunks are complete in the first `received` bytes of that body; the last events count as one. */
export function chunksIn({ first, next, last }: StreamShape, pace: Pace, received: number): number {
  if (received < first.length) return 0;
  const count = Math.floor((received - first.length) / next.length);
  if (count < pace.chunks) return 1 + count;
  return 1 + pace.chunks + (received === first.length + pace.chunks * next.length + last.length ? 1 : 0);
}
