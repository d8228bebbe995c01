/** A model server that speaks OpenAI well enough for the official clients: text, tools, embeddings, errors. */
import type { ServerResponse } from "node:http";
import { type Behaviour, completion, DONE, event, eventStream, json } from "./upstream.ts";

const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };

/** What it says when an answer of a certain form is asked for. */
const OBJECT = '{"city":"Oslo","days":3}';

/** `broken` as the model's name answers 429, `refused` 400; a request with tools gets a tool call unless a tool has answered. */
export const modelServer: Behaviour = ({ path, body }, response) => {
  const request = JSON.parse(body || "{}");
  if (request.model === "broken")
    return json(response, { error: { message: "slow down" } }, 429, { "retry-after-ms": "1" });
  if (request.model === "refused") {
    return json(
      response,
      { error: { message: "bad temperature", param: "temperature", code: null, type: "invalid_request_error" } },
      400,
    );
  }
  if (path.endsWith("/embeddings")) return json(response, embeddings(request));
  const wantsTool = request.tools && !request.messages.some((message: { role: string }) => message.role === "tool");
  if (request.stream) return streamed(response, { wantsTool, usage: request.stream_options?.include_usage === true });
  if (!wantsTool) return json(response, completion(request.response_format ? OBJECT : "Hello from the model."));
  const message = { role: "assistant", content: null, refusal: null, tool_calls: [CALL] };
  json(response, completion("", { choices: [{ index: 0, message, logprobs: null, finish_reason: "tool_calls" }] }));
};

function embeddings({ input, encoding_format }: { input: string | string[]; encoding_format?: string }) {
  const vector = Float32Array.from([0.25, -0.5, 1]);
  const embedding = encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
  const data = [input].flat().map((_, index) => ({ object: "embedding", index, embedding }));
  return { object: "list", data, model: "stub-embed", usage: { prompt_tokens: 2, total_tokens: 2 } };
}

function streamed(response: ServerResponse, { wantsTool, usage }: { wantsTool: boolean; usage: boolean }): void {
  const head = { id: "chatcmpl-2", object: "chat.completion.chunk", created: 1, model: "stub-model" };
  const send = (delta: unknown, finish_reason: string | null = null) =>
    response.write(event({ ...head, choices: [{ index: 0, delta, finish_reason }] }));
  eventStream(response);
  send({ role: "assistant", content: wantsTool ? null : "" });
  if (wantsTool) {
    send({ tool_calls: [{ index: 0, id: CALL.id, type: "function", function: { name: "weather", arguments: "" } }] });
    for (const part of ['{"city":', '"Oslo"}']) send({ tool_calls: [{ index: 0, function: { arguments: part } }] });
  } else for (const part of ["Hello ", "from ", "the model."]) send({ content: part });
  send({}, wantsTool ? "tool_calls" : "stop");
  if (usage)
    response.write(
      event({ ...head, choices: [], usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 } }),
    );
  response.end(DONE);
}
