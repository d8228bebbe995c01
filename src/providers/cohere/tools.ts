import { isObject, type JsonObject } from "../../protocol/json.ts";

/** The tools on offer and whether one has to be called. Cohere cannot be told which: where the client says so, the others are not offered. */
export function toolsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { choice, allowed } = choiceOf(chat.tool_choice, drop);
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const tools = offered
    .filter((tool) => allowed === undefined || allowed.has(nameOf(tool)))
    .flatMap<JsonObject>((tool) => toolOf(tool, drop) ?? []);
  if (tools.length === 0) {
    if (choice === "REQUIRED") drop("tool_choice");
    return {};
  }
  return { tools, ...strictOf(chat, offered, drop), ...(choice ? { tool_choice: choice } : {}) };
}

function toolOf(tool: JsonObject, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool.function)) {
    drop(typeof tool.type === "string" ? `tools.${tool.type.slice(0, 40)}` : "tools");
    return undefined;
  }
  const { name, description, parameters } = tool.function;
  const definition = {
    name,
    ...(description ? { description } : {}),
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
  };
  return { type: "function", function: definition };
}

/** Cohere holds all tools to their schemas or none. */
function strictOf(chat: JsonObject, offered: readonly JsonObject[], drop: (path: string) => void): JsonObject {
  if (typeof chat.strict_tools === "boolean") return { strict_tools: chat.strict_tools };
  const strict = offered.filter((tool) => isObject(tool.function) && tool.function.strict === true);
  if (strict.length === 0) return {};
  if (strict.length === offered.length) return { strict_tools: true };
  drop("tools.function.strict");
  return {};
}

function nameOf(tool: unknown): unknown {
  return isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
}

interface Choice {
  readonly choice?: "REQUIRED" | "NONE";
  /** Names of the tools that may be used at all. */
  readonly allowed?: ReadonlySet<unknown>;
}

function choiceOf(value: unknown, drop: (path: string) => void): Choice {
  if (value === undefined || value === null || value === "auto") return {};
  if (value === "required" || value === "REQUIRED") return { choice: "REQUIRED" };
  if (value === "none" || value === "NONE") return { choice: "NONE" };
  if (isObject(value) && value.type === "function") return { choice: "REQUIRED", allowed: new Set([nameOf(value)]) };
  if (isObject(value) && value.type === "allowed_tools" && isObject(value.allowed_tools)) {
    const { mode, tools } = value.allowed_tools;
    const allowed = new Set(Array.isArray(tools) ? tools.map(nameOf) : []);
    return mode === "required" ? { choice: "REQUIRED", allowed } : { allowed };
  }
  drop("tool_choice");
  return {};
}
