import type { Endpoint, OpenAIRequest, RequestHeaders } from "../core/endpoint.ts";
import { isObject, type JsonBody } from "../protocol/json.ts";
import { anthropicErrors } from "./anthropic-errors.ts";
import { messagesForm } from "./messages-form.ts";
import { modelOf, readRequest, refuse, streams } from "./openai-request.ts";

/** Anthropic's Messages API. */
export const messages: Endpoint<OpenAIRequest> = {
  name: "messages",
  path: "/v1/messages",
  modelOf,
  streams,
  form: messagesForm,
  namesFiles: true,
  errors: anthropicErrors,
  idHeader: "request-id",
  read(body, headers) {
    const { max_tokens: maxTokens } = body.value;
    if (typeof maxTokens !== "number" || !Number.isInteger(maxTokens) || maxTokens < 0) {
      throw refuse("max_tokens", maxTokens === undefined ? "is required" : "must be a whole number");
    }
    return readConversation(body, headers);
  },
};

/** What messages and counting their tokens have in common. */
export function readConversation(body: JsonBody, headers: RequestHeaders = {}): OpenAIRequest {
  const { messages: turns, system } = body.value;
  if (!Array.isArray(turns)) throw refuse("messages", turns === undefined ? "is required" : "must be an array");
  if (turns.length === 0) throw refuse("messages", "must hold at least one message");
  for (let at = 0; at < turns.length; at++) {
    const turn: unknown = turns[at];
    if (!isObject(turn)) throw refuse(`messages[${at}]`, "must be an object");
    if (typeof turn.role !== "string") throw refuse(`messages[${at}].role`, "must be a string");
    checkContent(turn.content, `messages[${at}].content`);
  }
  if (system !== undefined && system !== null) checkContent(system, "system");
  return { ...readRequest(body), headers: passedOn(headers) };
}

function checkContent(content: unknown, path: string): void {
  if (typeof content === "string") return;
  if (!Array.isArray(content)) throw refuse(path, "must be a string or an array of content blocks");
  for (let at = 0; at < content.length; at++) {
    const block: unknown = content[at];
    if (!isObject(block)) throw refuse(`${path}[${at}]`, "must be an object");
    if (typeof block.type !== "string") throw refuse(`${path}[${at}].type`, "must be a string");
  }
}

/** The version of the API the client speaks, and the features it wants switched on. */
function passedOn(headers: RequestHeaders): Record<string, string> {
  const names = ["anthropic-version", "anthropic-beta"].filter((name) => headers[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, wordsIn(headers[name], name)]));
}

function wordsIn(value: RequestHeaders[string], name: string): string {
  const words = String(value);
  if (!/^[\w.,: -]{1,2000}$/.test(words)) throw refuse(name, "is not a list of names");
  return words;
}
