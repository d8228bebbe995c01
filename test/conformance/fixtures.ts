/** Small recordings of our own, in the shape of the real ones. */
import type { Expectation, Recording } from "./recording.ts";

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "parrot-1",
  choices: [
    {
      index: 0,
      finish_reason: "stop",
      logprobs: null,
      message: { role: "assistant", content: "Grüße!", refusal: null },
    },
  ],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
};

const EXPECT: Expectation = {
  text: "Grüße!",
  tool_calls: [],
  openai_finish_reason: "stop",
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8, cached_tokens: null },
};

export function wholeChat(changes: Partial<Recording> = {}): Recording {
  const body = { model: "parrot-1", messages: [{ role: "user", content: "Hello" }] };
  return {
    file: "openai.whole.json",
    provider: "openai",
    request: { method: "POST", url: "https://api.openai.com/v1/chat/completions", body },
    response: { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(ANSWER) },
    client: { api: "chat.completions", derived: "identity", lossy: [], body },
    expect: EXPECT,
    meta: { endpoint: "openai.chat" },
    ...changes,
  };
}

export function streamedChat(changes: Partial<Recording> = {}): Recording {
  const whole = wholeChat();
  const body = { ...whole.request.body, stream: true, stream_options: { include_usage: true } };
  const response = { status: 200, headers: { "content-type": "text/event-stream" }, body: streamOf(CHUNKS) };
  return {
    ...whole,
    file: "openai.streamed.json",
    request: { ...whole.request, body },
    client: { ...whole.client!, body },
    response,
    ...changes,
  };
}

const delta = (content: object, finish_reason: string | null = null) => ({
  ...ANSWER,
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: content, logprobs: null, finish_reason }],
  usage: null,
});

export const CHUNKS: readonly object[] = [
  delta({ role: "assistant", content: "" }),
  delta({ content: "Grü" }),
  delta({ content: "ße!" }),
  delta({}, "stop"),
  { ...delta({}), choices: [], usage: ANSWER.usage },
];

export function streamOf(chunks: readonly object[], end = "data: [DONE]\n\n"): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + end;
}

export function refused(status: number): Recording {
  const error = { message: "There is no such parrot.", type: "invalid_request_error", param: null, code: "no_parrot" };
  const body = JSON.stringify({ error });
  return wholeChat({
    response: { status, headers: { "content-type": "application/json" }, body },
    expect: { error: true, status, body: { error } },
  });
}
