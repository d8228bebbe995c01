import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { ModelTraits } from "./models.ts";
import { forcesTool, type Tools } from "./tools.ts";

/**
 * JSON from models that cannot be held to a schema, or to "any object": a tool they have to call, whose input is the
 * answer. The name is ours alone; a client whose own tool is called so gets no JSON this way.
 */
export const JSON_TOOL = "answer_in_json";

export interface JsonToolOptions {
  readonly traits: ModelTraits;
  /** Those that the client offers, with its choice. */
  readonly tools: Tools;
}

/** The tools with ours among them; undefined when the format is asked for in another way, or cannot be had. */
export function withJsonTool(chat: JsonObject, { traits, tools }: JsonToolOptions): Tools | undefined {
  const definition = definitionFor(chat.response_format, traits);
  const offered = tools.tools ?? [];
  if (!definition || thinks(chat, traits) || offered.some(({ name }) => name === JSON_TOOL)) return undefined;
  // A client that demands one of its own tools does not get to see content.
  if (forcesTool(tools)) return tools;
  const mayCall = offered.length > 0 && tools.tool_choice?.type !== "none";
  const choice = mayCall ? { type: "any" } : { type: "tool", name: JSON_TOOL };
  return { tools: [...offered, definition], tool_choice: { ...choice, disable_parallel_tool_use: true } };
}

function definitionFor(format: unknown, { schemas }: ModelTraits): JsonObject | undefined {
  if (!isObject(format)) return undefined;
  if (format.type === "json_object") {
    const hint = "Takes the whole answer as one JSON object, with the members that the conversation asks for.";
    return { name: JSON_TOOL, description: hint, input_schema: { type: "object", additionalProperties: true } };
  }
  const { schema, description } = isObject(format.json_schema) ? format.json_schema : {};
  // A tool's input is an object.
  if (schemas || format.type !== "json_schema" || !isObject(schema) || schema.type !== "object") return undefined;
  const hint = ["Takes the whole answer.", ...(typeof description === "string" ? [description] : [])].join(" ");
  return { name: JSON_TOOL, description: hint, input_schema: schema };
}

/** Thinking and a tool that must be called exclude each other. An effort gives way where it would be a budget. */
export function thinks({ thinking, reasoning_effort: effort }: JsonObject, traits: ModelTraits): boolean {
  if (isObject(thinking)) return thinking.type !== "disabled";
  const asked = traits.thinking === "effort" && typeof effort === "string" && effort !== "none";
  return asked || (traits.thinksByDefault && !(effort === "none" && traits.canStopThinking));
}
