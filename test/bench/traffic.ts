/** The bytes of the bench: what the load sends, what the stub answers, and what the load must therefore get back. */

export const MODEL = "bench";

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

/** One `POST /v1/chat/completions` as it goes over the socket. */
export function requestBytes({ port, key, pace }: { port: number; key: string; pace?: Pace | undefined }): Buffer {
  const body = pace
    ? JSON.stringify({ ...wholeRequest, stream: true, user: `paced;chunks=${pace.chunks};everyMs=${pace.everyMs}` })
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

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({
    id: "chatcmpl-Bench00000000000000000001",
    object: "chat.completion.chunk",
    created: CREATED,
    model: MODEL,
    system_fingerprint: "fp_bench",
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

/** The events of a stream: `FIRST`, then `pace.chunks` times `NEXT`, then `LAST`, which is two events. */
export const FIRST = Buffer.from(chunk({ role: "assistant", content: "" }, null));
export const NEXT = Buffer.from(chunk({ content: " a token" }, null));
export const LAST = Buffer.from(`${chunk({}, "stop")}data: [DONE]\n\n`);

/** The whole body of a stream of this pace. */
export const streamBody = (pace: Pace) => Buffer.concat([FIRST, ...Array<Buffer>(pace.chunks).fill(NEXT), LAST]);

/** How many chunks are complete in the first `received` bytes of that body; the last two events count as one. */
export function chunksIn(pace: Pace, received: number): number {
  if (received < FIRST.length) return 0;
  const next = Math.floor((received - FIRST.length) / NEXT.length);
  if (next < pace.chunks) return 1 + next;
  return 1 + pace.chunks + (received === FIRST.length + pace.chunks * NEXT.length + LAST.length ? 1 : 0);
}
