import { isObject, type JsonObject } from "../../protocol/json.ts";
import { nameLost } from "../chat/lost.ts";
import { toolChoiceOf, toolKindOf, toolNameOf } from "../chat/tool-choice.ts";

/** The tools on offer. Ollama cannot be told whether or which one to call: the others are not offered, and the demand is named. */
export function toolsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const { mode, allowed } = toolChoiceOf(chat.tool_choice);
  if (mode === "required" || mode === "unknown") drop("tool_choice");
  if (mode === "none") return {};
  if (chat.parallel_tool_calls === false && offered.length > 0) drop("parallel_tool_calls");
  const tools = offered
    .filter((tool) => allowed === undefined || allowed.has(toolNameOf(tool)))
    .flatMap<JsonObject>((tool) => toolOf(tool, drop) ?? []);
  return tools.length > 0 ? { tools } : {};
}

const TOOL: ReadonlySet<string> = new Set(["type", "function"]);

function toolOf(tool: JsonObject, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool.function)) {
    drop(toolKindOf(tool));
    return undefined;
  }
  nameLost(tool, TOOL, (name) => drop(`tools.${name}`));
  const { name, description, parameters, strict } = tool.function;
  if (strict === true) drop("tools.function.strict");
  const definition = {
    name,
    ...(description ? { description } : {}),
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
  };
  return { type: "function", function: definition };
}
