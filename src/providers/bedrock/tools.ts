import { isObject, type JsonObject } from "../../protocol/json.ts";
import { JSON_TOOL } from "../anthropic/json-tool.ts";
import { enforceable } from "../anthropic/schema.ts";
import { dropOthers, invalid } from "../chat/refuse.ts";
import { type Block, cachePointFor, type Letter } from "./content.ts";
import type { ModelTraits } from "./models.ts";

export interface ToolsOptions {
  readonly traits: ModelTraits;
  readonly letter: Letter;
  /** Schema of a JSON answer that is to come as a tool call. */
  readonly answerSchema: JsonObject | undefined;
  /** Names of the tools that the conversation has used: Converse wants tools where it has. */
  readonly used: ReadonlySet<string>;
}

export interface Tools {
  readonly toolConfig?: JsonObject;
  /** The model must call one. */
  readonly forced: boolean;
}

/** The tools on offer and how they may be chosen. Converse's own tools (`toolSpec`, `systemTool`) pass as they are. */
export function toolsOf(chat: JsonObject, options: ToolsOptions): Tools {
  const { letter, answerSchema, used } = options;
  const { drop } = letter;
  const { mode, allowed } = choiceOf(chat.tool_choice, drop);
  const all = (Array.isArray(chat.tools) ? chat.tools : []).map((tool: unknown, at) => {
    if (!isObject(tool)) throw invalid(`tools[${at}]`, "must be an object");
    return tool;
  });
  const kept = all.filter((tool) => allowed === undefined || allowed.has(nameOf(tool)));
  const offered = mode === "none" && used.size === 0 ? [] : kept.flatMap((tool) => toolOf(tool, options));
  if (offered.length > 0 && chat.parallel_tool_calls === false) drop("parallel_tool_calls");
  // A client that demands one of its own tools does not get to see content.
  const demanded = offered.length > 0 && (mode === "any" || typeof mode === "object");
  if (answerSchema && !demanded) {
    // Either one of the client's tools or the answer.
    const tools = [...(mode === "none" ? [] : offered), answerTool(answerSchema)];
    const toolChoice = tools.length > 1 ? { any: {} } : { tool: { name: JSON_TOOL } };
    return { toolConfig: { tools, toolChoice }, forced: true };
  }
  const tools = offered.length > 0 ? offered : historyTools(used);
  const toolChoice = offered.length > 0 ? toolChoiceOf(mode) : undefined;
  if (mode === "none" && used.size > 0) drop("tool_choice");
  else if (mode !== undefined && mode !== "none" && mode !== "auto" && !toolChoice) drop("tool_choice");
  if (tools.length === 0) return { forced: false };
  return {
    toolConfig: { tools, ...(toolChoice ? { toolChoice } : {}) },
    forced: toolChoice !== undefined && !toolChoice.auto,
  };
}

function toolOf(tool: JsonObject, { traits, letter }: ToolsOptions): Block[] {
  const { drop } = letter;
  if (isObject(tool.toolSpec) || isObject(tool.systemTool) || isObject(tool.cachePoint)) return [tool];
  if (!isObject(tool.function)) {
    // Tools that take free text, and other providers' own.
    drop(typeof tool.type === "string" ? `tools.${tool.type}` : "tools");
    return [];
  }
  dropOthers(tool, { known: MEMBERS, path: "tools", drop });
  dropOthers(tool.function, { known: FUNCTION_MEMBERS, path: "tools.function", drop });
  const { name, description, parameters, strict } = tool.function;
  const enforced = strict === true && traits.schemas === "native";
  if (strict === true && !enforced) drop("tools.function.strict");
  const schema = schemaOf(parameters);
  const json =
    enforced && traits.claude ? enforceable(schema, (word) => drop(`tools.function.parameters.${word}`)) : schema;
  const toolSpec = {
    name,
    ...(description ? { description } : {}),
    inputSchema: { json },
    ...(enforced ? { strict: true } : {}),
  };
  return [{ toolSpec }, ...cachePointFor(tool.cache_control, letter, "tools")];
}

const MEMBERS: ReadonlySet<string> = new Set(["type", "function", "cache_control"]);
const FUNCTION_MEMBERS: ReadonlySet<string> = new Set(["name", "description", "parameters", "strict"]);

function schemaOf(parameters: unknown): JsonObject {
  if (!isObject(parameters)) return { type: "object", properties: {} };
  return parameters.type === undefined ? { type: "object", ...parameters } : parameters;
}

function answerTool(json: JsonObject): Block {
  const description = "Takes the whole answer as one JSON object, with the members that the conversation asks for.";
  return { toolSpec: { name: JSON_TOOL, description, inputSchema: { json } } };
}

/** Tools of earlier turns that are no longer offered: a conversation that used tools is refused without any. */
function historyTools(used: ReadonlySet<string>): Block[] {
  return [...used].map((name) => ({
    toolSpec: { name, description: "No longer available: do not call it.", inputSchema: { json: { type: "object" } } },
  }));
}

function nameOf(tool: JsonObject): unknown {
  if (isObject(tool.function)) return tool.function.name;
  return isObject(tool.toolSpec) ? tool.toolSpec.name : tool.name;
}

/** `auto`, `any`, `none`, or the name of the one tool to call. */
type Mode = "auto" | "any" | "none" | { readonly name: unknown };

interface Choice {
  readonly mode?: Mode | undefined;
  /** Names of the tools that may be used at all; the others are not offered. */
  readonly allowed?: ReadonlySet<unknown>;
}

function choiceOf(value: unknown, drop: (path: string) => void): Choice {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return { mode: modeOf(value, drop) };
  const { type, function: named, allowed_tools: allowed } = isObject(value) ? value : {};
  if (type === "function" && isObject(named)) return { mode: { name: named.name } };
  if (type === "allowed_tools" && isObject(allowed)) {
    const tools = Array.isArray(allowed.tools) ? allowed.tools.filter(isObject) : [];
    return { mode: modeOf(allowed.mode, drop), allowed: new Set(tools.map(nameOf)) };
  }
  drop("tool_choice");
  return {};
}

function modeOf(mode: unknown, drop: (path: string) => void): Mode | undefined {
  if (mode === "auto" || mode === "none") return mode;
  if (mode === "required") return "any";
  drop("tool_choice");
  return undefined;
}

function toolChoiceOf(mode: Mode | undefined): JsonObject | undefined {
  if (mode === undefined || mode === "none") return undefined;
  return typeof mode === "string" ? { [mode]: {} } : { tool: { name: mode.name } };
}
