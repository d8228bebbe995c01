import { isObject, type JsonObject } from "../../protocol/json.ts";
import { JSON_TOOL, thinks } from "../anthropic/json-tool.ts";
import { enforceable } from "../anthropic/schema.ts";
import { type ModelTraits, traitsOf } from "./models.ts";

export interface Structured {
  readonly outputConfig?: JsonObject;
  /** Schema of the tool whose input is to be the answer. */
  readonly answerSchema?: JsonObject;
}

/** Whether calls of the JSON tool in an answer to this chat are the answer itself. */
export function mayAnswerByTool(chat: JsonObject, model: string): boolean {
  return structuredOf(chat, traitsOf(model), () => {}).answerSchema !== undefined;
}

/** How the answer is held to the form the client asked for; a form that cannot be had is named to `drop`. */
export function structuredOf(chat: JsonObject, traits: ModelTraits, drop: (path: string) => void): Structured {
  const wanted = chat.response_format ?? anthropicFormat(chat);
  if (wanted === undefined || wanted === null || (isObject(wanted) && wanted.type === "text")) return {};
  const schema = schemaIn(wanted);
  // Claude takes no schema for "any object".
  const native = traits.schemas === "native" && !(traits.claude && schema === ANY_OBJECT);
  if (schema && native) return formatOf(schema, isObject(wanted) ? wanted.json_schema : undefined, { traits, drop });
  const byTool = traits.schemas === "tool" || traits.claude !== undefined;
  // A tool's input is an object. Thinking and a tool that must be called exclude each other.
  const thinking = traits.claude !== undefined && thinks(chat, traits.claude);
  if (schema?.type === "object" && byTool && !thinking && !hasToolOfThatName(chat)) return { answerSchema: schema };
  drop("response_format");
  return {};
}

/** Anthropic's own way to say it, which Converse does not take in Anthropic's place for it. */
function anthropicFormat({ output_config }: JsonObject): JsonObject | undefined {
  const { format } = isObject(output_config) ? output_config : {};
  return isObject(format) ? { type: format.type, json_schema: { schema: format.schema } } : undefined;
}

function hasToolOfThatName({ tools }: JsonObject): boolean {
  const all: unknown[] = Array.isArray(tools) ? tools : [];
  return all.some((tool) => isObject(tool) && isObject(tool.function) && tool.function.name === JSON_TOOL);
}

const ANY_OBJECT: JsonObject = { type: "object", additionalProperties: true };

function schemaIn(wanted: unknown): JsonObject | undefined {
  const { type, json_schema } = isObject(wanted) ? wanted : {};
  if (type === "json_object") return ANY_OBJECT;
  return isObject(json_schema) && isObject(json_schema.schema) ? json_schema.schema : undefined;
}

interface FormatOptions {
  readonly traits: ModelTraits;
  readonly drop: (path: string) => void;
}

/** Converse takes the schema as text. */
function formatOf(schema: JsonObject, about: unknown, { traits, drop }: FormatOptions): Structured {
  const { name, description } = isObject(about) ? about : {};
  const enforced = traits.claude
    ? enforceable(schema, (keyword) => drop(`response_format.json_schema.schema.${keyword}`))
    : schema;
  const jsonSchema = {
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    schema: JSON.stringify(enforced),
  };
  return { outputConfig: { textFormat: { type: "json_schema", structure: { jsonSchema } } } };
}
