import { isObject, type JsonObject } from "../../protocol/json.ts";
import { functionsOf, isStrict } from "../chat/functions.ts";
import { toolChoiceOf, toolNameOf } from "../chat/tool-choice.ts";

/** The tools on offer. Ollama cannot be told whether or which one to call: the others are not offered, and the demand is named. */
export function toolsOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const { mode, allowed } = toolChoiceOf(chat.tool_choice);
  if (mode === "required" || mode === "unknown") drop("tool_choice");
  if (mode === "none") return {};
  if (chat.parallel_tool_calls === false && offered.length > 0) drop("parallel_tool_calls");
  const tools = functionsOf(offered, allowed, drop);
  if (offered.some((tool) => isStrict(tool) && (allowed === undefined || allowed.has(toolNameOf(tool))))) {
    drop("tools.function.strict");
  }
  return tools.length > 0 ? { tools } : {};
}
