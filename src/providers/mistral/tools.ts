import { isObject, type JsonObject } from "../../protocol/json.ts";
import { type ToolChoice, toolChoiceOf, toolKindOf, toolNameOf } from "../chat/tool-choice.ts";
import { mapped, withOnly } from "./fields.ts";

/** What changes in the tools on offer and in how they may be chosen. */
export function toolsFor(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { changes, allowed } = choiceFor(chat.tool_choice, drop);
  if (!Array.isArray(chat.tools)) return changes;
  const tools = mapped(chat.tools, (tool: unknown) => {
    const known = toolFor(tool, drop);
    return known && allowed && !allowed.has(toolNameOf(known)) ? undefined : known;
  });
  return tools === chat.tools ? changes : { ...changes, tools };
}

const TOOL = new Set(["type", "function"]);
const FUNCTION = new Set(["name", "description", "strict", "parameters"]);

/** Mistral's chat knows functions alone. */
function toolFor(tool: unknown, drop: (path: string) => void): JsonObject | undefined {
  if (!isObject(tool) || !isObject(tool.function)) {
    drop(toolKindOf(tool));
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

/** Mistral's word for a call that has to be made is `any`; a function by its name is Mistral's own. */
function choiceFor(choice: unknown, drop: (path: string) => void): Omit<ToolChoice, "mode"> & { changes: JsonObject } {
  if (isObject(choice) && choice.type === "function") return { changes: {} };
  const { mode, ...allowed } = toolChoiceOf(choice);
  if (mode === "required") return { ...allowed, changes: { tool_choice: "any" } };
  if (typeof choice === "string" || choice === undefined || choice === null) return { changes: {} };
  if (mode === "unknown") drop("tool_choice");
  return { ...allowed, changes: { tool_choice: mode === "unknown" ? undefined : mode } };
}
