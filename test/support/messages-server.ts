/** A server of Anthropic's Messages API, well enough for its official client: text, tools with thinking, token counts, errors. */
import type { ServerResponse } from "node:http";
import { type Behaviour, eventStream, json } from "./upstream.ts";

const THOUGHT = { type: "thinking", thinking: "They want the weather.", signature: "c2lnbmVk" };
const CALL = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } };
const TEXT = { type: "text", text: "Hello from the model." };

type Block = typeof THOUGHT | typeof CALL | typeof TEXT;

/** Models `overloaded` and `limited` answer 529 and 429; a request with tools gets a tool call unless a tool has answered. */
export const messagesServer: Behaviour = ({ path, body }, response) => {
  const request = JSON.parse(body || "{}");
  if (request.model === "overloaded") return json(response, failure("overloaded_error", "Overloaded"), 529);
  if (request.model === "limited") {
    return json(response, failure("rate_limit_error", "Org 1234 is limited"), 429, { "retry-after": "2" });
  }
  if (path.startsWith("/v1/messages/count_tokens")) return json(response, { input_tokens: 42 });
  const answered = JSON.stringify(request.messages).includes('"tool_result"');
  const content: Block[] = request.tools && !answered ? [THOUGHT, CALL] : [TEXT];
  const stop_reason = content.length > 1 ? "tool_use" : "end_turn";
  if (request.stream) return streamed(response, content, stop_reason);
  json(response, { ...message(request.model), content, stop_reason, usage: { input_tokens: 5, output_tokens: 7 } });
};

function message(model: string) {
  return { id: "msg_1", type: "message", role: "assistant", model, stop_sequence: null, stop_details: null };
}

export function failure(type: string, text: string) {
  return { type: "error", error: { type, message: text }, request_id: "req_upstream" };
}

/** One event as Anthropic writes it. */
export function messageEvent(data: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function streamed(response: ServerResponse, content: readonly Block[], stop_reason: string): void {
  eventStream(response);
  const send = (data: Parameters<typeof messageEvent>[0]) => response.write(messageEvent(data));
  const usage = { input_tokens: 5, output_tokens: 1 };
  send({ type: "message_start", message: { ...message("claude-stub"), content: [], stop_reason: null, usage } });
  send({ type: "ping" });
  for (const [index, block] of content.entries()) {
    send({ type: "content_block_start", index, content_block: emptied(block) });
    for (const delta of deltasOf(block)) send({ type: "content_block_delta", index, delta });
    send({ type: "content_block_stop", index });
  }
  send({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 7 } });
  send({ type: "message_stop" });
  response.end();
}

function emptied(block: Block) {
  if (block.type === "text") return { ...block, text: "" };
  return block.type === "tool_use" ? { ...block, input: {} } : { ...block, thinking: "", signature: "" };
}

function deltasOf(block: Block) {
  if ("text" in block) return block.text.split(/(?<= )/).map((text) => ({ type: "text_delta", text }));
  if ("input" in block)
    return ['{"city":', '"Oslo"}'].map((partial_json) => ({ type: "input_json_delta", partial_json }));
  return [
    { type: "thinking_delta", thinking: block.thinking },
    { type: "signature_delta", signature: block.signature },
  ];
}
