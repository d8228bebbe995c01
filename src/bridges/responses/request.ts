import type { OpenAIRequest } from "../../core/endpoint.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { inputItems, typeOfItem } from "../../protocol/responses.ts";
import { messagesOf, type Said } from "./messages.ts";
import { toolsOf } from "./tools.ts";
import { unsupported, type Way } from "./way.ts";

/** A request of the Responses API as a chat. Fields that OpenAI's API does not have are the provider's own and pass. */
export function chatRequest(request: OpenAIRequest, way: Way): JsonObject {
  const asked = request.body.value;
  if (isObject(asked.prompt)) throw unsupported("prompt", "prompts that are kept at OpenAI");
  const { instructions } = asked;
  const first = typeof instructions === "string" ? [{ role: "system", content: instructions }] : [];
  const tools = toolsOf(asked, way);
  return {
    ...otherFields(asked),
    messages: [...first, ...messagesOf(saidIn(request), way)],
    ...tools,
    ...(tools.tools && typeof asked.parallel_tool_calls === "boolean"
      ? { parallel_tool_calls: asked.parallel_tool_calls }
      : {}),
    ...(request.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...limitOf(asked, way),
    ...formatOf(asked, way),
    ...reasoningOf(asked, way),
    ...logprobsOf(asked, way),
    ...notServed(asked, way),
  };
}

/** The conversation so far, then what the client adds. Instructions of earlier turns are not carried on. */
function saidIn({ body, conversation }: OpenAIRequest): Said[] {
  const before = (conversation?.earlier ?? []).flatMap(({ input, response }) => {
    const answer = tryParse(response);
    return [...inputItems(tryParse(input)), ...(isObject(answer) ? inputItems(answer.output) : [])];
  });
  const added = inputItems(body.value.input).map((item, at) => {
    const referenced =
      typeOfItem(item) === "item_reference" ? conversation?.referenced.get(String(item.id)) : undefined;
    return { item: referenced?.item ?? item, path: `input[${at}]` };
  });
  return [...before.map((item) => ({ item, path: "previous_response_id" })), ...added];
}

/** Everything that the two APIs do not say differently, but for what asks for nothing. */
function otherFields(asked: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(asked).filter(([name, value]) => !TRANSLATED.has(name) && value !== null && value !== undefined),
  );
}

/** Read below or in other files, or the gateway's own affair: it keeps turns and notes, and hands the notes back. */
const TRANSLATED: ReadonlySet<string> = new Set([
  "input",
  "instructions",
  "previous_response_id",
  "conversation",
  "prompt",
  "store",
  "metadata",
  "background",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_output_tokens",
  "max_tool_calls",
  "text",
  "reasoning",
  "top_logprobs",
  "include",
  "truncation",
  "context_management",
]);

/** By its older name, which every server of chat knows but OpenAI's own models that reason. */
function limitOf({ max_output_tokens: limit }: JsonObject, { model }: Way): JsonObject {
  if (limit === undefined || limit === null) return {};
  return /(^|\/)(o\d|gpt-[5-9])/.test(model) ? { max_completion_tokens: limit } : { max_tokens: limit };
}

function formatOf({ text }: JsonObject, { drop }: Way): JsonObject {
  if (!isObject(text)) return {};
  const { format, verbosity, ...others } = text;
  for (const name of Object.keys(others)) drop(`text.${name}`);
  const said = verbosity === undefined || verbosity === null ? {} : { verbosity };
  if (!isObject(format) || format.type === "text") return said;
  const { type, ...schema } = format;
  return { ...said, response_format: type === "json_schema" ? { type, json_schema: schema } : format };
}

/** What a model thought is told whenever the provider tells it: there is no asking for a longer or shorter summary. */
function reasoningOf({ reasoning }: JsonObject, { drop }: Way): JsonObject {
  if (!isObject(reasoning)) return {};
  const { effort, summary, generate_summary, ...others } = reasoning;
  if (SIZES.has(summary ?? generate_summary)) drop("reasoning.summary");
  for (const [name, value] of Object.entries(others)) if (value !== null && value !== "auto") drop(`reasoning.${name}`);
  return effort === undefined || effort === null ? {} : { reasoning_effort: effort };
}

const SIZES: ReadonlySet<unknown> = new Set(["concise", "detailed"]);

function logprobsOf({ top_logprobs: top, include }: JsonObject, { drop }: Way): JsonObject {
  const included = Array.isArray(include) ? include : [];
  // The others are about OpenAI's own tools, which are named as dropped where they are asked for; thoughts come sealed anyway.
  if (included.some((one) => !INCLUDED.has(one))) drop("include");
  const count = typeof top === "number" ? top : 0;
  if (count === 0 && !included.includes(LOGPROBS)) return {};
  return { logprobs: true, ...(count > 0 ? { top_logprobs: count } : {}) };
}

const LOGPROBS = "message.output_text.logprobs";
const INCLUDED: ReadonlySet<unknown> = new Set([LOGPROBS, "reasoning.encrypted_content"]);

/** Names what chat has no form for, where it asks for something. */
function notServed(asked: JsonObject, { drop }: Way): JsonObject {
  if (asked.truncation === "auto") drop("truncation");
  if (asked.max_tool_calls !== undefined && asked.max_tool_calls !== null) drop("max_tool_calls");
  if (Array.isArray(asked.context_management) && asked.context_management.length > 0) drop("context_management");
  if (isObject(asked.stream_options) && asked.stream_options.include_obfuscation === true) {
    drop("stream_options.include_obfuscation");
  }
  return {};
}
