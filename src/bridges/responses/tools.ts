import { isObject, type JsonObject } from "../../protocol/json.ts";
import { unsupported, type Way } from "./way.ts";

export interface Tools {
  readonly tools?: readonly JsonObject[];
  readonly tool_choice?: unknown;
}

/** The client's own tools. Those that OpenAI runs itself are left out and named; a request that insists on one is refused. */
export function toolsOf({ tools, tool_choice }: JsonObject, way: Way): Tools {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : [];
  const own = offered.flatMap<JsonObject>((tool) => toolOf(tool, way) ?? []);
  const choice = choiceOf(tool_choice, way);
  if (own.length > 0) return { tools: own, ...(choice === undefined ? {} : { tool_choice: choice }) };
  if (offered.length > 0 && choice === "required")
    throw unsupported("tool_choice", "the tools that OpenAI runs itself");
  return {};
}

function toolOf(tool: JsonObject, { drop }: Way): JsonObject | undefined {
  const { type, name, description, defer_loading, allowed_callers, output_schema, ...rest } = tool;
  const about = { name, ...(description === undefined || description === null ? {} : { description }) };
  if (type !== "function" && type !== "custom") {
    drop(`tools.${String(type).slice(0, 80)}`);
    return undefined;
  }
  if (defer_loading === true) drop("tools.defer_loading");
  if (Array.isArray(allowed_callers)) drop("tools.allowed_callers");
  if (isObject(output_schema)) drop("tools.output_schema");
  if (type === "custom") return customTool(about, rest);
  const { parameters, strict, ...marks } = rest;
  const declared = {
    ...about,
    ...(isObject(parameters) ? { parameters } : {}),
    ...(typeof strict === "boolean" ? { strict } : {}),
  };
  return { type, function: declared, ...marks };
}

function customTool(about: JsonObject, { format, ...marks }: JsonObject): JsonObject {
  const form = isObject(format) ? { format: grammarOf(format) } : {};
  return { type: "custom", custom: { ...about, ...form }, ...marks };
}

/** Flat here, nested in chat. */
function grammarOf({ type, ...grammar }: JsonObject): JsonObject {
  return type === "grammar" ? { type, grammar } : { type };
}

function choiceOf(choice: unknown, way: Way): unknown {
  if (choice === undefined || choice === null || typeof choice === "string") return choice ?? undefined;
  if (!isObject(choice)) return choice;
  const { type, name } = choice;
  if (type === "function") return { type, function: { name } };
  if (type === "custom") return { type, custom: { name } };
  if (type === "allowed_tools") return allowedOf(choice, way);
  throw unsupported("tool_choice", `the tool ${String(type).slice(0, 80)}`);
}

function allowedOf({ type, mode, tools }: JsonObject, { drop }: Way): JsonObject {
  const allowed = (Array.isArray(tools) ? tools.filter(isObject) : []).flatMap<JsonObject>((tool) => {
    if (tool.type === "function") return { type: "function", function: { name: tool.name } };
    if (tool.type === "custom") return { type: "custom", custom: { name: tool.name } };
    drop("tool_choice.tools");
    return [];
  });
  return { type, allowed_tools: { mode, tools: allowed } };
}
