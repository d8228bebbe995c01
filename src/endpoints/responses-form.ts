import type { AnswerForm, Gathering } from "../core/answer-form.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { answerForm, objectsIn, type Said, schemaForm, strictTools, type Wanted } from "./answer-form.ts";

/** What a request of the Responses API promises of its answer: text in `text.format`, and arguments that fit the strict tools. */
export function responsesForm({ body }: OpenAIRequest): AnswerForm | undefined {
  const { text, tools } = body.value;
  if (text === undefined && tools === undefined) return undefined;
  const strict = strictTools(tools, ({ name, strict, parameters: schema }) => ({ name, strict, schema }));
  return answerForm({ content: contentForm(isObject(text) ? text.format : undefined), strict }, { said, gather });
}

function contentForm(format: unknown): Wanted["content"] {
  if (!isObject(format)) return undefined;
  if (format.type === "json_object") return { schema: undefined };
  return format.type === "json_schema" ? schemaForm(format) : undefined;
}

function said({ status, output }: JsonObject): Said[] {
  const items = objectsIn(output);
  const parts = items.filter(({ type }) => type === "message").flatMap(({ content }) => objectsIn(content));
  if (status !== "completed" || parts.some(({ type }) => type === "refusal")) return [];
  const calls = items.flatMap(({ type, name, arguments: text }, at) =>
    type === "function_call" ? [{ path: `output[${at}].arguments`, name, text: String(text ?? "") }] : [],
  );
  const text = parts.map((part) => (part.type === "output_text" ? part.text : "")).join("");
  return [{ path: "output_text", text, calls }];
}

/** The last event holds the whole answer. */
function gather(): Gathering {
  let whole: JsonObject = {};
  return {
    add(event) {
      if (isObject(event) && event.type === "response.completed" && isObject(event.response)) whole = event.response;
    },
    answer: () => whole,
  };
}
