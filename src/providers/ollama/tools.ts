import { isObject, type JsonObject } from "../../protocol/json.ts";

/** The tools on offer. Ollama cannot be told whether or which one to call: the others are not offered, and the demand is named. */
export function toolsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const allowed = allowedBy(chat.tool_choice, drop);
  if (chat.parallel_tool_calls === false && offered.length > 0) drop("parallel_tool_calls");
  const tools = offered
    .filter((tool) => allowed === undefined || allowed.has(nameOf(tool)))
    .flatMap<JsonObject>((tool) => toolOf(tool, drop) ?? []);
  return tools.length > 0 ? { tools } : {};
}

function toolOf(tool: JsonObject, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool.function)) {
    drop(typeof tool.type === "string" ? `tools.${tool.type.slice(0, 40)}` : "tools");
    return undefined;
  }
  const { name, description, parameters, strict } = tool.function;
  if (strict === true) drop("tools.function.strict");
  const definition = {
    name,
    ...(description ? { description } : {}),
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
  };
  return { type: "function", function: definition };
}

function nameOf(tool: unknown): unknown {
  return isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
}

/** Names of the tools that may be used; undefined for all of them. */
function allowedBy(choice: unknown, drop: (path: string) => void): ReadonlySet<unknown> | undefined {
  if (choice === undefined || choice === null || choice === "auto") return undefined;
  if (choice === "none") return new Set();
  if (isObject(choice) && choice.type === "allowed_tools" && isObject(choice.allowed_tools)) {
    const { mode, tools } = choice.allowed_tools;
    if (mode === "required") drop("tool_choice");
    return new Set(Array.isArray(tools) ? tools.map(nameOf) : []);
  }
  drop("tool_choice");
  return isObject(choice) && choice.type === "function" ? new Set([nameOf(choice)]) : undefined;
}
