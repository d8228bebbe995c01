import { isObject, type JsonObject } from "../../protocol/json.ts";
import { innerMarkOf } from "./marks.ts";
import { unsupported, type Way } from "./way.ts";

/** The tools on offer and how they may be chosen. Tools that Anthropic defines have no form elsewhere: they are named. */
export function toolsOf({ tools, tool_choice: choice }: JsonObject, way: Way): JsonObject {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : [];
  const custom = offered.filter(isCustom);
  for (const tool of offered) if (!isCustom(tool)) way.drop(`tools.${tool.type}`);
  const chosen = isObject(choice) ? choice : {};
  const names = new Set(custom.map(({ name }) => name));
  const lost = offered.length > custom.length;
  if (lost && (chosen.type === "tool" ? !names.has(chosen.name) : chosen.type === "any" && custom.length === 0)) {
    throw unsupported("tool_choice", "the tool that is demanded");
  }
  if (custom.length === 0) return {};
  return {
    tools: custom.map((tool) => toolOf(tool, way)),
    ...choiceOf(chosen, way),
    ...(chosen.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {}),
  };
}

function isCustom({ type }: JsonObject): boolean {
  return type === undefined || type === null || type === "custom";
}

function toolOf(tool: JsonObject, way: Way): JsonObject {
  const { name, description, input_schema: parameters, strict, ...others } = tool;
  for (const [field, value] of Object.entries(others)) {
    if (!ASKS_NOTHING.get(field)?.(value) && value !== null) way.drop(`tools.${field}`);
  }
  return {
    type: "function",
    function: {
      name,
      ...(description ? { description } : {}),
      ...(isObject(parameters) ? { parameters } : {}),
      ...(strict === true ? { strict: true } : {}),
    },
    ...innerMarkOf(tool, "tools", way),
  };
}

const ASKS_NOTHING: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ["type", () => true],
  ["cache_control", () => true], // has a translation of its own
  ["defer_loading", (value) => value === false],
  ["eager_input_streaming", (value) => value === false],
  ["allowed_callers", (value) => JSON.stringify(value) === '["direct"]'],
  ["input_examples", (value) => Array.isArray(value) && value.length === 0],
]);

function choiceOf({ type, name }: JsonObject, { drop }: Way): JsonObject {
  switch (type) {
    case undefined:
      return {};
    case "auto":
    case "none":
      return { tool_choice: type };
    case "any":
      return { tool_choice: "required" };
    case "tool":
      return { tool_choice: { type: "function", function: { name } } };
    default:
      drop("tool_choice");
      return {};
  }
}
