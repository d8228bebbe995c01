import { isObject, type JsonObject } from "../../protocol/json.ts";
import { nameLost } from "./lost.ts";
import { type ToolChoice, toolKindOf, toolNameOf } from "./tool-choice.ts";

/** The functions among the tools on offer that may be called at all, for wires that take OpenAI's form and nothing beside it. */
export function functionsOf(
  offered: readonly JsonObject[],
  allowed: ToolChoice["allowed"],
  drop: (path: string) => void,
): JsonObject[] {
  return offered
    .filter((tool) => allowed === undefined || allowed.has(toolNameOf(tool)))
    .flatMap<JsonObject>((tool) => functionOf(tool, drop) ?? []);
}

const TOOL: ReadonlySet<string> = new Set(["type", "function"]);

function functionOf(tool: JsonObject, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool.function)) {
    drop(toolKindOf(tool));
    return undefined;
  }
  nameLost(tool, TOOL, (name) => drop(`tools.${name}`));
  const { name, description, parameters } = tool.function;
  const definition = {
    name,
    ...(description ? { description } : {}),
    parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
  };
  return { type: "function", function: definition };
}

/** Whether a tool's arguments are to be held to its schema. */
export function isStrict(tool: JsonObject): boolean {
  return isObject(tool.function) && tool.function.strict === true;
}
