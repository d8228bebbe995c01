import type { Bridge } from "../core/provider.ts";
import { JsonBody } from "../protocol/json.ts";
import { responseOf } from "./responses/answer.ts";
import { nameInResponses } from "./responses/names.ts";
import { chatRequest } from "./responses/request.ts";
import { responseEvents } from "./responses/stream.ts";

/**
 * OpenAI's Responses API over chat, for every provider that has no Responses API itself. What such a provider's answer holds
 * beyond a Response (signed thoughts, signatures of calls) travels in the `encrypted_content` of a reasoning item.
 */
export const responses: Bridge = {
  endpoint: "responses",
  over: "chat",
  request(request, target, inner) {
    const dropped = new Set<string>();
    const drop = (path: string) => void dropped.add(path);
    const chat = chatRequest(request, { drop, model: target.model, translated: inner.decodeStream !== undefined });
    const { model, stream } = request;
    return { request: { body: JsonBody.of(chat), model, stream }, dropped: [...dropped] };
  },
  nameOf: nameInResponses,
  decode: responseOf,
  decodeStream: responseEvents,
};
