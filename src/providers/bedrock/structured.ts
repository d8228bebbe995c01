import { isObject, type JsonObject } from "../../protocol/json.ts";
import { enforceable } from "../anthropic/schema.ts";
import { type ModelTraits, traitsOf } from "./models.ts";

export interface Structured {
  readonly outputConfig?: JsonObject;
  /** Schema of the tool whose input is to be the answer. */
  readonly answerSchema?: JsonObject;
}

/** The tool that stands for a JSON answer: the model must call it, and the client never sees it. */
export const ANSWER_TOOL = "gatehouse_json_answer";

/** Whether the calls of that name in an answer to this chat are the answer itself. */
export function hasAnswerTool(chat: JsonObject, model: string): boolean {
  return structuredOf(chat, traitsOf(model), () => {}).answerSchema !== undefined;
}

/**
 * How the answer is held to the form the client asked for. JSON of any shape (`json_object`) cannot be asked of a tool
 * (models then call it with nothing) nor of Claude, which wants every object's members named.
 */
export function structuredOf(chat: JsonObject, traits: ModelTraits, drop: (path: string) => void): Structured {
  const wanted = chat.response_format;
  if (wanted === undefined || wanted === null || (isObject(wanted) && wanted.type === "text")) return {};
  const { type, json_schema } = isObject(wanted) ? wanted : {};
  const { schema, name, description } = isObject(json_schema) ? json_schema : {};
  if (isObject(schema) && traits.schemas === "native") {
    const enforced = traits.claude
      ? enforceable(schema, (keyword) => drop(`response_format.json_schema.schema.${keyword}`))
      : schema;
    return formatOf(enforced, { ...(name ? { name } : {}), ...(description ? { description } : {}) });
  }
  if (isObject(schema) && traits.schemas === "tool") return { answerSchema: schema };
  if (type === "json_object" && traits.schemas === "native" && !traits.claude) {
    return formatOf({ type: "object", additionalProperties: true }, {});
  }
  drop("response_format");
  return {};
}

/** Converse takes the schema as text. */
function formatOf(schema: JsonObject, about: JsonObject): Structured {
  const jsonSchema = { ...about, schema: JSON.stringify(schema) };
  return { outputConfig: { textFormat: { type: "json_schema", structure: { jsonSchema } } } };
}
