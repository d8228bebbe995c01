import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { isObject } from "../protocol/json.ts";
import { chatForm } from "./chat-form.ts";
import { modelOf, readRequest, refuse, streams } from "./openai-request.ts";

export const chat: Endpoint<OpenAIRequest> = {
  name: "chat",
  path: "/v1/chat/completions",
  modelOf,
  streams,
  form: chatForm,
  namesFiles: true,
  read(body) {
    const { messages } = body.value;
    if (!Array.isArray(messages)) throw refuse("messages", messages === undefined ? "is required" : "must be an array");
    if (messages.length === 0) throw refuse("messages", "must hold at least one message");
    for (let at = 0; at < messages.length; at++) {
      const message: unknown = messages[at];
      if (!isObject(message)) throw refuse(`messages[${at}]`, "must be an object");
      if (typeof message.role !== "string") throw refuse(`messages[${at}].role`, "must be a string");
    }
    return readRequest(body);
  },
};
