import type { OpenAIRequest } from "../core/endpoint.ts";
import type { Bridge } from "../core/provider.ts";
import { parseExactly } from "../protocol/exact-json.ts";
import { isObject, JsonBody, type JsonObject } from "../protocol/json.ts";
import { messageOf } from "./messages/answer.ts";
import { nameInMessages } from "./messages/names.ts";
import { chatRequest } from "./messages/request.ts";
import { messageEvents } from "./messages/stream.ts";

/**
 * Anthropic's Messages API over OpenAI's chat, for every provider that has no Messages API itself. Where the provider's
 * wire is translated from chat as well, what Anthropic knows beyond OpenAI (cache marks, signed thoughts, errors of tools)
 * goes along in the fields that such wires read; servers that speak chat themselves get nothing that OpenAI does not know.
 */
export const messages: Bridge = {
  endpoint: "messages",
  over: "chat",
  request(request, target, inner) {
    const translated = inner.decodeStream !== undefined;
    const completionLimit = translated || inner.takesCompletionLimit === true || OPENAI_MODEL.test(target.model);
    const { chat, dropped } = chatRequest(exactly(request.body), { target, translated, completionLimit });
    return { request: requestOf(chat, request), dropped: [...dropped, ...betasIn(request)] };
  },
  nameOf: nameInMessages,
  decode: messageOf,
  decodeStream: messageEvents,
};

/** OpenAI's own, by whatever way: those that reason refuse the limit's older name. */
const OPENAI_MODEL = /(^|\/)(gpt-\d|o\d|chatgpt|codex)/;

/**
 * The inputs of tool calls become text again: numbers that a double cannot hold have to survive that. The text of a large
 * body is made only for whole numbers of that kind.
 */
function exactly(body: JsonBody): JsonObject {
  const { value } = body;
  const needed = body.large ? holdsLongNumber(value) : LONG_NUMBER.test(body.text);
  const exact = needed ? parseExactly(body.text) : value;
  return isObject(exact) ? exact : value;
}

const LONG_NUMBER = /\d{16}/;

function holdsLongNumber(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsLongNumber);
}

function requestOf(chat: JsonObject, { model, stream }: OpenAIRequest): OpenAIRequest {
  return { body: JsonBody.of(chat), model, stream };
}

/** Features of Anthropic's that a client switches on by header: no other provider has them. */
function betasIn({ headers }: OpenAIRequest): string[] {
  return headers?.["anthropic-beta"] === undefined ? [] : ["anthropic-beta"];
}
