import { isObject, type JsonObject } from "../../protocol/json.ts";
import { invalid } from "../chat/refuse.ts";
import type { ModelTraits } from "./models.ts";
import { enforceable } from "./schema.ts";

export interface Tools {
  readonly tools?: readonly JsonObject[];
  readonly tool_choice?: JsonObject;
}

/** The tools on offer and how they may be chosen. Anthropic's own tools and choices pass as they are. */
export function toolsOf(chat: JsonObject, traits: ModelTraits, drop: (path: string) => void): Tools {
  const offered = (Array.isArray(chat.tools) ? chat.tools : []).map((tool: unknown, at) => {
    if (!isObject(tool)) throw invalid(`tools[${at}]`, "must be an object");
    return tool;
  });
  const { choice, allowed } = choiceOf(chat.tool_choice, drop);
  const tools = offered
    .filter((tool) => allowed === undefined || allowed.has(nameOf(tool)))
    .flatMap<JsonObject>((tool) => toolOf(tool, traits, drop) ?? []);
  if (tools.length === 0) {
    if (choice && choice.type !== "auto" && choice.type !== "none") drop("tool_choice");
    return {};
  }
  const tool_choice = chat.parallel_tool_calls === false ? oneAtATime(choice) : choice;
  return { tools, ...(tool_choice ? { tool_choice } : {}) };
}

export function forcesTool({ tool_choice }: Tools): boolean {
  return tool_choice?.type === "any" || tool_choice?.type === "tool";
}

function toolOf(tool: JsonObject, traits: ModelTraits, drop: (path: string) => void): JsonObject | undefined {
  const { type, function: definition, ...native } = tool;
  if (type === "custom" && isObject(tool.custom)) {
    // A tool that takes free text; Anthropic's take JSON.
    drop("tools.custom");
    return undefined;
  }
  if (!isObject(definition)) return tool;
  const { name, description, parameters, strict, ...rest } = definition;
  const enforced = strict === true && traits.schemas;
  if (strict === true && !enforced) drop("tools.function.strict");
  const schema = schemaOf(parameters);
  return {
    name,
    ...(description ? { description } : {}),
    input_schema: enforced ? enforceable(schema, (keyword) => drop(`tools.function.parameters.${keyword}`)) : schema,
    ...(enforced ? { strict: true } : {}),
    ...rest,
    ...native,
  };
}

function schemaOf(parameters: unknown): JsonObject {
  if (!isObject(parameters)) return { type: "object", properties: {} };
  return parameters.type === undefined ? { type: "object", ...parameters } : parameters;
}

function nameOf(tool: JsonObject): unknown {
  return isObject(tool.function) ? tool.function.name : tool.name;
}

interface Choice {
  readonly choice?: JsonObject;
  /** Names of the tools that may be used at all; the others are not offered. */
  readonly allowed?: ReadonlySet<unknown>;
}

function choiceOf(value: unknown, drop: (path: string) => void): Choice {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return modeOf(value, drop);
  if (!isObject(value)) return unknownChoice(drop);
  const { type, function: named, allowed_tools: allowed } = value;
  if (type === "function" && isObject(named)) return { choice: { type: "tool", name: named.name } };
  if (type === "allowed_tools" && isObject(allowed)) {
    const tools = Array.isArray(allowed.tools) ? allowed.tools.filter(isObject) : [];
    return { ...modeOf(allowed.mode, drop), allowed: new Set(tools.map(nameOf)) };
  }
  if (type === "auto" || type === "any" || type === "tool" || type === "none") return { choice: value };
  return unknownChoice(drop);
}

function modeOf(mode: unknown, drop: (path: string) => void): Choice {
  if (mode === "auto" || mode === "none") return { choice: { type: mode } };
  return mode === "required" ? { choice: { type: "any" } } : unknownChoice(drop);
}

function unknownChoice(drop: (path: string) => void): Choice {
  drop("tool_choice");
  return {};
}

function oneAtATime(choice: JsonObject = { type: "auto" }): JsonObject {
  return choice.type === "none" ? choice : { ...choice, disable_parallel_tool_use: true };
}
