import type { AnswerForm, Gathering, Piece } from "../core/answer-form.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";

/**
 * What a chat promises of its answer: content in the `response_format`, and arguments that fit the tools declared
 * `strict`. A schema with `strict: false` is a wish, and nothing is held to it.
 */
export function chatForm({ body }: OpenAIRequest): AnswerForm | undefined {
  const { response_format: format, tools } = body.value;
  if (format === undefined && tools === undefined) return undefined;
  const content = contentForm(format);
  const strict = strictTools(tools);
  if (!content && strict.size === 0) return undefined;
  return {
    pieces: (answer, dropped) =>
      piecesIn(answer, {
        content: dropped.includes("response_format") ? undefined : content,
        strict: dropped.includes("tools.function.strict") ? NO_TOOLS : strict,
      }),
    gather: gatherChunks,
  };
}

interface Wanted {
  readonly content: { readonly schema: JsonObject | undefined } | undefined;
  /** Schemas of arguments by the tool's name. */
  readonly strict: ReadonlyMap<unknown, JsonObject>;
}

const NO_TOOLS: Wanted["strict"] = new Map();

function contentForm(format: unknown): Wanted["content"] {
  if (!isObject(format)) return undefined;
  if (format.type === "json_object") return { schema: undefined };
  const { schema, strict } = isObject(format.json_schema) ? format.json_schema : {};
  return format.type === "json_schema" && isObject(schema) && strict !== false ? { schema } : undefined;
}

function strictTools(tools: unknown): Wanted["strict"] {
  if (!Array.isArray(tools)) return NO_TOOLS;
  const functions = tools.flatMap((tool: unknown) =>
    isObject(tool) && isObject(tool.function) ? [tool.function] : [],
  );
  return new Map(
    functions.flatMap(({ name, strict, parameters }) =>
      strict === true && isObject(parameters) ? [[name, parameters] as const] : [],
    ),
  );
}

function piecesIn({ choices }: JsonObject, wanted: Wanted): Piece[] {
  return listOf(choices).flatMap((choice, at) => {
    const { finish_reason, message } = choice;
    if (!isObject(message) || !FINISHED.has(finish_reason) || message.refusal) return [];
    const calls = listOf(message.tool_calls);
    const path = `choices[${at}].message`;
    return [...contentPiece(message, { path, called: calls.length > 0, wanted }), ...callPieces(calls, path, wanted)];
  });
}

/** Not those cut off or filtered. */
const FINISHED: ReadonlySet<unknown> = new Set(["stop", "tool_calls"]);

interface Place {
  readonly path: string;
  readonly called: boolean;
  readonly wanted: Wanted;
}

/** Beside a tool call the content is talk, or nothing. */
function contentPiece({ content }: JsonObject, { path, called, wanted }: Place): Piece[] {
  if (!wanted.content || called) return [];
  const parts = Array.isArray(content) ? listOf(content).map(({ text }) => text ?? "") : [content ?? ""];
  return [{ path: `${path}.content`, text: parts.join(""), schema: wanted.content.schema }];
}

function callPieces(calls: readonly JsonObject[], path: string, { strict }: Wanted): Piece[] {
  return calls.flatMap(({ function: called }, at) => {
    const { name, arguments: text } = isObject(called) ? called : {};
    const schema = strict.get(name);
    return schema ? [{ path: `${path}.tool_calls[${at}].function.arguments`, text: String(text ?? ""), schema }] : [];
  });
}

/** Beyond this many characters a streamed answer is let go unchecked. */
const MAX_GATHERED = 4 * 1024 * 1024;

interface Gathered {
  content: string;
  refusal: unknown;
  finish_reason: unknown;
  readonly tool_calls: { function: { name: unknown; arguments: string } }[];
}

function gatherChunks(): Gathering {
  const choices: Gathered[] = [];
  let length = 0;
  return {
    add(event) {
      if (!isObject(event) || length > MAX_GATHERED) return;
      for (const { index, delta, finish_reason } of listOf(event.choices)) {
        const at = typeof index === "number" && index >= 0 && index < MAX_CHOICES ? index : 0;
        choices[at] ??= { content: "", refusal: undefined, finish_reason: undefined, tool_calls: [] };
        choices[at].finish_reason = finish_reason ?? choices[at].finish_reason;
        if (isObject(delta)) length += take(delta, choices[at]);
      }
    },
    answer() {
      if (length > MAX_GATHERED) return undefined;
      return { choices: choices.map(({ finish_reason, ...message }) => ({ finish_reason, message })) };
    },
  };
}

const MAX_CHOICES = 128;

/** Adds a delta to what was said; tells how many characters it had. */
function take({ content, refusal, tool_calls }: JsonObject, said: Gathered): number {
  const text = typeof content === "string" ? content : "";
  said.content += text;
  said.refusal ||= refusal;
  let length = text.length;
  for (const { index, function: called } of listOf(tool_calls)) {
    const at = typeof index === "number" && index >= 0 && index < MAX_CHOICES ? index : 0;
    const { name, arguments: more } = isObject(called) ? called : {};
    said.tool_calls[at] ??= { function: { name: undefined, arguments: "" } };
    const call = said.tool_calls[at].function;
    call.name ||= name;
    if (typeof more === "string") call.arguments += more;
    length += typeof more === "string" ? more.length : 0;
  }
  return length;
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
