import { isObject } from "../../protocol/json.ts";

export interface ToolChoice {
  /** `unknown`: a choice that has no meaning among functions. */
  readonly mode: "auto" | "none" | "required" | "unknown";
  /** Names of the tools that may be used at all; all of them when absent. */
  readonly allowed?: ReadonlySet<unknown>;
}

/** OpenAI's `tool_choice`, for wires that cannot be told which tool: to demand one is to demand any and offer no other. */
export function toolChoiceOf(value: unknown): ToolChoice {
  if (value === undefined || value === null || value === "auto") return { mode: "auto" };
  if (value === "none" || value === "required") return { mode: value };
  if (!isObject(value)) return { mode: "unknown" };
  if (value.type === "function") return { mode: "required", allowed: new Set([toolNameOf(value)]) };
  if (value.type !== "allowed_tools" || !isObject(value.allowed_tools)) return { mode: "unknown" };
  const { mode, tools } = value.allowed_tools;
  const allowed = new Set(Array.isArray(tools) ? tools.map(toolNameOf) : []);
  return { mode: mode === "required" ? "required" : "auto", allowed };
}

export function toolNameOf(tool: unknown): unknown {
  return isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
}

/** What a tool that is no function is called where it is named as dropped. */
export function toolKindOf(tool: unknown): string {
  return isObject(tool) && typeof tool.type === "string" ? `tools.${tool.type.slice(0, 40)}` : "tools";
}
