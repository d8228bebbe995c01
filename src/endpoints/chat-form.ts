import type { AnswerForm, Gathering } from "../core/answer-form.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import {
  answerForm,
  MAX_GATHERED,
  objectsIn,
  placeOf,
  type Said,
  schemaForm,
  strictTools,
  type Wanted,
} from "./answer-form.ts";

/** What a chat promises of its answer: content in the `response_format`, and arguments that fit the tools declared `strict`. */
export function chatForm({ body }: OpenAIRequest): AnswerForm | undefined {
  const { response_format: format, tools } = body.value;
  if (format === undefined && tools === undefined) return undefined;
  const strict = strictTools(tools, ({ function: definition }) => {
    const { name, strict, parameters: schema } = isObject(definition) ? definition : {};
    return { name, strict, schema };
  });
  return answerForm({ content: contentForm(format), strict }, { said, gather });
}

function contentForm(format: unknown): Wanted["content"] {
  if (!isObject(format)) return undefined;
  if (format.type === "json_object") return { schema: undefined };
  return format.type === "json_schema" && isObject(format.json_schema) ? schemaForm(format.json_schema) : undefined;
}

function said({ choices }: JsonObject): Said[] {
  return objectsIn(choices).flatMap(({ finish_reason, message }, at) => {
    if (!isObject(message) || !FINISHED.has(finish_reason) || message.refusal) return [];
    const path = `choices[${at}].message`;
    const calls = objectsIn(message.tool_calls).map(({ function: called }, index) => {
      const { name, arguments: text } = isObject(called) ? called : {};
      return { path: `${path}.tool_calls[${index}].function.arguments`, name, text: String(text ?? "") };
    });
    return [{ path: `${path}.content`, text: textOf(message.content), calls }];
  });
}

/** Not those cut off or filtered. */
const FINISHED: ReadonlySet<unknown> = new Set(["stop", "tool_calls"]);

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return String(content ?? "");
  return objectsIn(content)
    .map(({ text }) => text ?? "")
    .join("");
}

interface Gathered {
  content: string;
  refusal: unknown;
  finish_reason: unknown;
  readonly tool_calls: { function: { name: unknown; arguments: string } }[];
}

function gather(): Gathering {
  const choices: Gathered[] = [];
  let length = 0;
  return {
    add(event) {
      if (!isObject(event) || length > MAX_GATHERED) return;
      for (const { index, delta, finish_reason } of objectsIn(event.choices)) {
        const at = placeOf(index);
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

/** Adds a delta to what was said; tells how many characters it had. */
function take({ content, refusal, tool_calls }: JsonObject, gathered: Gathered): number {
  const text = typeof content === "string" ? content : "";
  gathered.content += text;
  gathered.refusal ||= refusal;
  let length = text.length;
  for (const { index, function: called } of objectsIn(tool_calls)) {
    const { name, arguments: more } = isObject(called) ? called : {};
    const at = placeOf(index);
    gathered.tool_calls[at] ??= { function: { name: undefined, arguments: "" } };
    const call = gathered.tool_calls[at].function;
    call.name ||= name;
    if (typeof more === "string") call.arguments += more;
    length += typeof more === "string" ? more.length : 0;
  }
  return length;
}
