import type { Completion } from "../core/answer.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Bridge, BridgedRequest, StreamContext } from "../core/provider.ts";
import { Frame } from "../protocol/frame.ts";
import { isObject, JsonBody, type JsonObject, tryParse } from "../protocol/json.ts";
import { writeUsage } from "../protocol/openai.ts";

/** OpenAI's older text completions over chat: the prompt becomes the one message of a user, the answer's text the completion. */
export const completions: Bridge = { endpoint: "completions", over: "chat", request, decode, decodeStream };

function request({ body, model, stream }: OpenAIRequest): BridgedRequest {
  const { prompt, ...rest } = body.value;
  const dropped = UNKNOWN_TO_CHATS.filter(({ name, asksNothing }) => {
    const value = rest[name];
    return value !== undefined && value !== null && value !== asksNothing;
  });
  const chat: JsonObject = {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => !UNKNOWN_TO_CHATS.some((one) => one.name === name))),
    messages: [{ role: "user", content: promptText(prompt) }],
    ...(stream ? { stream_options: { ...optionsOf(rest), include_usage: true } } : {}),
  };
  return { request: { body: JsonBody.of(chat), model, stream }, dropped: dropped.map(({ name }) => name) };
}

/** Fields with another meaning in a chat or none, and the value that asks for nothing. */
const UNKNOWN_TO_CHATS: readonly { readonly name: string; readonly asksNothing: unknown }[] = [
  { name: "suffix", asksNothing: "" },
  { name: "echo", asksNothing: false },
  { name: "best_of", asksNothing: 1 },
  // A number of alternatives here, a boolean there, and told in another form.
  { name: "logprobs", asksNothing: undefined },
];

function promptText(prompt: unknown): string {
  const one = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof one === "string") return one;
  const what = "several prompts at once, or prompts of token numbers, for this endpoint";
  throw new GatewayError("unsupported", `This model's provider does not take ${what}.`, { param: "prompt" });
}

function optionsOf({ stream_options }: JsonObject): JsonObject {
  return isObject(stream_options) ? stream_options : {};
}

function decode({ body, usage }: Completion): Completion {
  const chat = tryParse(typeof body === "string" ? body : Buffer.from(body).toString());
  const { choices, ...head } = isObject(chat) ? chat : {};
  const told = Array.isArray(choices) ? choices.filter(isObject) : [];
  const completion = {
    ...head,
    object: "text_completion",
    choices: told.map((choice, at) => choiceOf(choice, textIn(choice.message), at)),
  };
  return { body: JSON.stringify(completion), usage };
}

function choiceOf({ index, finish_reason }: JsonObject, text: string, at = 0): JsonObject {
  // Nobody offered a tool here, and this endpoint's clients know no such reason.
  return {
    index: index ?? at,
    text,
    logprobs: null,
    finish_reason: finish_reason === "tool_calls" ? "stop" : finish_reason,
  };
}

function textIn(said: unknown): string {
  const { content, refusal } = isObject(said) ? said : {};
  return `${content ?? ""}${refusal ?? ""}`;
}

/** Every choice's text and end. Chunks that say neither, such as the role's, are left out. */
async function* decodeStream(
  frames: AsyncIterable<Frame>,
  { request: { body }, facts }: StreamContext,
): AsyncGenerator<Frame, void> {
  let head: JsonObject = {};
  for await (const frame of frames) {
    for (const { json, data } of frame.events) {
      if (isObject(json)) {
        const { choices, usage: _, ...rest } = json;
        head = { ...rest, object: "text_completion" };
        const told = (Array.isArray(choices) ? choices.filter(isObject) : [])
          .map((choice) => choiceOf(choice, textIn(choice.delta)))
          .filter(({ text, finish_reason }) => text !== "" || finish_reason);
        if (told.length > 0) yield Frame.ofJson({ ...head, choices: told });
      } else if (data === "[DONE]") {
        const asked = optionsOf(body.value).include_usage === true;
        if (asked && facts.usage) yield Frame.ofJson({ ...head, choices: [], usage: writeUsage(facts.usage) });
        yield Frame.DONE;
      }
    }
  }
}
