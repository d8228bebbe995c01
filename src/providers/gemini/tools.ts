import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { ModelTraits } from "./models.ts";
import { enforceable } from "./schema.ts";

export interface Tools {
  readonly tools?: readonly JsonObject[];
  readonly toolConfig?: JsonObject;
}

type Drop = (path: string) => void;

/** The tools on offer and how they may be chosen. Gemini's own tools (`{googleSearch: {}}`) pass as they are. */
export function toolsOf(chat: JsonObject, traits: ModelTraits, drop: Drop): Tools {
  const offered = Array.isArray(chat.tools) ? chat.tools.filter(isObject) : [];
  const { mode, names, allowed } = choiceOf(chat.tool_choice, drop);
  const functions = offered.filter(({ function: definition }) => isObject(definition));
  const declared = functions.filter((tool) => allowed === undefined || allowed.has(nameOf(tool)));
  const functionDeclarations = declared.map((tool) => declarationOf(tool, drop));
  const native = offered.filter((tool) => !isObject(tool.function)).flatMap((tool) => nativeTool(tool, drop));
  const tools = [
    ...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []),
    ...native,
    ...searchOf(chat.web_search_options, traits.combinesTools || functionDeclarations.length === 0, drop),
  ];
  if (chat.parallel_tool_calls === false && functionDeclarations.length > 0) drop("parallel_tool_calls");
  if (functionDeclarations.length === 0) {
    if (mode === "ANY") drop("tool_choice");
    return tools.length > 0 ? { tools } : {};
  }
  const functionCallingConfig = configOf(mode, names, declared);
  return { tools, ...(functionCallingConfig ? { toolConfig: { functionCallingConfig } } : {}) };
}

/** The schema goes as JSON Schema, whole: the older field `parameters` knows a part of it and refuses the rest. */
function declarationOf({ function: definition, cache_control }: JsonObject, drop: Drop): JsonObject {
  const { name, description, parameters, strict, ...rest } = definition as JsonObject;
  if (cache_control) drop("tools.cache_control");
  for (const field of Object.keys(rest)) if (!NATIVE_FIELDS.has(field)) drop(`tools.function.${safe(field)}`);
  const kept = Object.entries(rest).filter(([field]) => NATIVE_FIELDS.has(field));
  // Only a strict tool demands that every keyword is kept to.
  const unenforced = (keyword: string) => strict === true && drop(`tools.function.parameters.${keyword}`);
  return {
    name,
    ...(description ? { description } : {}),
    ...parametersOf(parameters, unenforced),
    ...Object.fromEntries(kept),
  };
}

/** An empty schema stands for a function without parameters. */
function parametersOf(schema: unknown, unenforced: (keyword: string) => void): JsonObject {
  if (!isObject(schema) || Object.keys(schema).length === 0) return {};
  return {
    parametersJsonSchema: {
      ...(schema.type === undefined ? { type: "object" } : {}),
      ...enforceable(schema, unenforced),
    },
  };
}

const NATIVE_FIELDS: ReadonlySet<string> = new Set(["response", "responseJsonSchema", "behavior"]);

function nativeTool(tool: JsonObject, drop: Drop): JsonObject[] {
  const isNative = Object.keys(tool).some((name) => NATIVE_TOOLS.test(name));
  if (isNative) return [tool];
  drop(typeof tool.type === "string" ? `tools.${safe(tool.type)}` : "tools");
  return [];
}

const NATIVE_TOOLS =
  /^(google_?search|google_?search_?retrieval|enterprise_?web_?search|url_?context|code_?execution|google_?maps|file_?search|computer_?use|retrieval|function_?declarations|mcp_?servers)$/i;

/** A client's word in a dotted path. */
function safe(name: string): string {
  return name.replace(/[^\w-]/g, "_").slice(0, 40);
}

function nameOf(tool: JsonObject): unknown {
  return isObject(tool.function) ? tool.function.name : undefined;
}

/** OpenAI's models that search the web are Gemini's with a search tool; before 3 it excludes functions. */
function searchOf(wanted: unknown, possible: boolean, drop: Drop): JsonObject[] {
  if (!isObject(wanted)) return [];
  if (!possible) {
    drop("web_search_options");
    return [];
  }
  for (const option of ["search_context_size", "user_location", "filters"]) {
    const value = wanted[option];
    if (value && value !== "medium") drop(`web_search_options.${option}`);
  }
  return [{ googleSearch: {} }];
}

interface Choice {
  readonly mode?: "AUTO" | "ANY" | "NONE";
  /** The one of them that must be used. */
  readonly names?: readonly unknown[];
  /** Names of the tools that may be used at all; the others are not offered. */
  readonly allowed?: ReadonlySet<unknown>;
}

function choiceOf(value: unknown, drop: Drop): Choice {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return modeOf(value, drop);
  const { type, function: named, allowed_tools: allowed } = isObject(value) ? value : {};
  if (type === "function" && isObject(named)) return { mode: "ANY", names: [named.name] };
  if (type === "allowed_tools" && isObject(allowed)) {
    const tools = Array.isArray(allowed.tools) ? allowed.tools.filter(isObject) : [];
    return { ...modeOf(allowed.mode, drop), allowed: new Set(tools.map(nameOf)) };
  }
  drop("tool_choice");
  return {};
}

function modeOf(mode: unknown, drop: Drop): Choice {
  if (mode === "auto") return { mode: "AUTO" };
  if (mode === "none") return { mode: "NONE" };
  if (mode === "required") return { mode: "ANY" };
  drop("tool_choice");
  return {};
}

/** A forced call is held to its schema anyway; a free one is when some tool is strict. */
function configOf(mode: Choice["mode"], names: Choice["names"], tools: readonly JsonObject[]): JsonObject | undefined {
  const isStrict = tools.some(({ function: definition }) => (definition as JsonObject).strict === true);
  if (isStrict && (mode === undefined || mode === "AUTO")) return { mode: "VALIDATED" };
  if (mode === undefined) return undefined;
  return { mode, ...(names ? { allowedFunctionNames: names } : {}) };
}
