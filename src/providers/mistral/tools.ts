import { isObject, type JsonObject } from "../../protocol/json.ts";
import { mapped, withOnly } from "./fields.ts";

/** What changes in the tools on offer and in how they may be chosen. */
export function toolsFor(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { changes, allowed } = choiceFor(chat.tool_choice, drop);
  if (!Array.isArray(chat.tools)) return changes;
  const tools = mapped(chat.tools, (tool: unknown) => {
    const known = toolFor(tool, drop);
    return known && allowed && !allowed.has(nameOf(known)) ? undefined : known;
  });
  return tools === chat.tools ? changes : { ...changes, tools };
}

const TOOL = new Set(["type", "function"]);
const FUNCTION = new Set(["name", "description", "strict", "parameters"]);

/** Mistral's chat knows functions alone. */
function toolFor(tool: unknown, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool) || !isObject(tool.function)) {
    drop(isObject(tool) && typeof tool.type === "string" ? `tools.${tool.type.slice(0, 40)}` : "tools");
    return undefined;
  }
  const kept = withOnly(tool, TOOL, (name) => drop(`tools.${name}`));
  const definition = definitionFor(tool.function, drop);
  return definition === kept.function ? kept : { ...kept, function: definition };
}

/** `parameters` has to be there, and nothing may be null. */
function definitionFor(definition: JsonObject, drop: (path: string) => void): JsonObject {
  const kept = withOnly(definition, FUNCTION, (name) => drop(`tools.function.${name}`));
  const { name, description, strict, parameters } = kept;
  if (parameters && description !== null && strict !== null) return kept;
  return {
    name,
    ...(description ? { description } : {}),
    ...(strict ? { strict } : {}),
    parameters: parameters ?? { type: "object", properties: {} },
  };
}

function nameOf(tool: unknown): unknown {
  return isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
}

interface Choice {
  readonly changes: JsonObject;
  /** Names of the tools that may be used at all; the others are not offered. */
  readonly allowed?: ReadonlySet<unknown>;
}

function choiceFor(choice: unknown, drop: (path: string) => void): Choice {
  if (choice === "required") return { changes: { tool_choice: "any" } };
  if (!isObject(choice) || choice.type === "function") return { changes: {} };
  if (choice.type === "allowed_tools" && isObject(choice.allowed_tools)) {
    const { mode, tools } = choice.allowed_tools;
    const names = Array.isArray(tools) ? tools.map(nameOf) : [];
    return { changes: { tool_choice: mode === "required" ? "any" : "auto" }, allowed: new Set(names) };
  }
  drop("tool_choice");
  return { changes: { tool_choice: undefined } };
}
