import { randomUUIDv7 } from "node:crypto";
import type { Completion } from "../../core/answer.ts";
import { GatewayError } from "../../core/error.ts";
import type { DecodeContext } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { itemId, responseId, writeResponseUsage } from "../../protocol/responses.ts";
import { echoOf } from "./echo.ts";
import {
  annotationsOf,
  callItem,
  type Ending,
  endingOf,
  logprobsOf,
  messageItem,
  reasoningItem,
  refusalPart,
  sealedIn,
  textIn,
  textPart,
  thoughtIn,
  tierOf,
} from "./output.ts";

/** A chat's whole answer as a Response. */
export function responseOf(completion: Completion, { request, target }: DecodeContext): Completion {
  const { body, usage } = completion;
  const answer = tryParse(typeof body === "string" ? body : Buffer.from(body).toString());
  const choice = isObject(answer) && Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  if (!isObject(answer) || !isObject(choice)) {
    throw new GatewayError("upstream_invalid_response", "The provider's answer holds no choice.");
  }
  const now = Math.floor(Date.now() / 1000);
  const id = responseId(randomUUIDv7());
  const createdAt = typeof answer.created === "number" ? answer.created : now;
  const ending = endingOf(choice.finish_reason);
  const response = {
    ...echoOf(request.body.value, { id, createdAt, model: answer.model ?? target.model }),
    ...ending,
    completed_at: ending.status === "completed" ? now : null,
    output: outputOf(choice, { id, ending }),
    ...tierOf(answer.service_tier),
    usage: usage ? writeResponseUsage(usage) : null,
  };
  return { ...completion, body: JSON.stringify(response) };
}

function outputOf(choice: JsonObject, { id, ending }: { id: string; ending: Ending }): JsonObject[] {
  const message = isObject(choice.message) ? choice.message : {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : [];
  const text = thoughtIn(message);
  const sealed = sealedIn(message, calls);
  const parts = partsOf(message, choice.logprobs);
  const thinks = text !== "" || Object.keys(sealed).length > 0;
  const makers: ((itemId: (prefix: string) => string) => JsonObject)[] = [
    ...(thinks ? [(of: ItemId) => reasoningItem(of("rs"), { texts: text === "" ? [] : [text], sealed })] : []),
    ...(parts.length > 0 || (calls.length === 0 && !thinks)
      ? [(of: ItemId) => messageItem(of("msg"), ending.status, parts.length > 0 ? parts : [textPart("")])]
      : []),
    ...calls.map((call, at) => (of: ItemId) => calledItem(call, { at, of, status: ending.status })),
  ];
  return makers.map((make, index) => make((prefix) => itemId(prefix, id, index)));
}

type ItemId = (prefix: string) => string;

function partsOf(message: JsonObject, logprobs: unknown): JsonObject[] {
  const text = textIn(message.content);
  const { refusal } = message;
  const told = { annotations: annotationsOf(message.annotations), logprobs: logprobsOf(logprobs) };
  return [
    ...(text === "" ? [] : [textPart(text, told)]),
    ...(typeof refusal === "string" && refusal !== "" ? [refusalPart(refusal)] : []),
  ];
}

interface CallPlace {
  readonly at: number;
  readonly of: ItemId;
  readonly status: string;
}

function calledItem(call: JsonObject, { at, of, status }: CallPlace): JsonObject {
  const callId = typeof call.id === "string" ? call.id : of("call");
  const called = isObject(call.custom) ? call.custom : isObject(call.function) ? call.function : {};
  const custom = isObject(call.custom);
  const text = String((custom ? called.input : called.arguments) ?? "");
  return callItem(of(custom ? "ctc" : "fc"), status, {
    custom,
    callId,
    name: String(called.name ?? `tool_${at}`),
    text,
  });
}
