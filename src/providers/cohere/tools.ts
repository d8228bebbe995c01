import { isObject, type JsonObject } from "../../protocol/json.ts";
import { functionsOf, isStrict } from "../chat/functions.ts";
import { type ToolChoice, toolChoiceOf } from "../chat/tool-choice.ts";

/** The tools on offer and whether one has to be called. Cohere cannot be told which: where the client says so, the others are not offered. */
export function toolsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { mode, allowed } = toolChoiceOf(NATIVE.get(chat.tool_choice) ?? chat.tool_choice);
  if (mode === "unknown") drop("tool_choice");
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const tools = functionsOf(offered, allowed, drop);
  if (tools.length === 0) {
    if (mode === "required") drop("tool_choice");
    return {};
  }
  return { tools, ...strictOf(chat, offered, drop), ...CHOICES[mode] };
}

const NATIVE: ReadonlyMap<unknown, string> = new Map([
  ["REQUIRED", "required"],
  ["NONE", "none"],
]);

const CHOICES: Readonly<Record<ToolChoice["mode"], JsonObject>> = {
  required: { tool_choice: "REQUIRED" },
  none: { tool_choice: "NONE" },
  auto: {},
  unknown: {},
};

/** Cohere holds all tools to their schemas or none. */
function strictOf(chat: JsonObject, offered: readonly JsonObject[], drop: (path: string) => void): JsonObject {
  if (typeof chat.strict_tools === "boolean") return { strict_tools: chat.strict_tools };
  const strict = offered.filter(isStrict);
  if (strict.length === 0) return {};
  if (strict.length === offered.length) return { strict_tools: true };
  drop("tools.function.strict");
  return {};
}
