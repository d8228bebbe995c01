/** A request to generate content in one spelling, so that two that mean the same compare equal. */
import { isObject, type JsonObject } from "../../../src/protocol/json.ts";

/** Removes what `lossy` names, and writes every alternative spelling the same way. */
export function meaningOf(body: JsonObject, lossy: readonly string[]): JsonObject {
  if (!Array.isArray(body.contents)) return body;
  const { contents, systemInstruction, tools, generationConfig, ...rest } = body;
  return {
    ...rest,
    contents: contents.filter(isObject).map((content) => contentOf(content, lossy)),
    // Who gives the instructions is not asked.
    systemInstruction: isObject(systemInstruction) ? textOf(systemInstruction.parts) : undefined,
    tools: toolsOf(tools, lossy),
    generationConfig: configOf(generationConfig, lossy),
  };
}

function contentOf({ role, parts }: JsonObject, lossy: readonly string[]): JsonObject {
  return { role: role ?? "user", parts: (Array.isArray(parts) ? parts : []).map((part) => partOf(part, lossy)) };
}

/** Ids of calls are made up on the way, or were left out. */
function partOf(part: unknown, lossy: readonly string[]): unknown {
  if (!isObject(part)) return part;
  const { thoughtSignature, functionCall, functionResponse, ...rest } = part;
  return {
    ...rest,
    functionCall: withoutId(functionCall),
    functionResponse: withoutId(functionResponse),
    thoughtSignature: lossy.includes("thought_signature") ? undefined : thoughtSignature,
  };
}

function withoutId(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { id: _, ...rest } = value;
  return rest;
}

function textOf(parts: unknown): string {
  return (Array.isArray(parts) ? parts : []).map((part) => (isObject(part) ? part.text : "")).join("\n");
}

/** All functions together; Google's own tools as far as a client could ask for them. */
function toolsOf(tools: unknown, lossy: readonly string[]): unknown {
  const kept = (Array.isArray(tools) ? tools.filter(isObject) : []).map((tool) =>
    Object.fromEntries(
      Object.entries(tool)
        .filter(([name]) => !lossy.includes(`server_tool:${name}`))
        .map(([name, value]) => [name, name === "functionDeclarations" ? declarationsIn(value) : value]),
    ),
  );
  const told = kept.filter((tool) => Object.keys(tool).length > 0);
  return told.length > 0 ? told : undefined;
}

/** The schema has three names, and types were written in capitals once. */
function declarationsIn(declarations: unknown): unknown {
  if (!Array.isArray(declarations)) return declarations;
  return declarations.filter(isObject).map((declaration) => {
    const { parameters, parametersJsonSchema, parameters_json_schema, ...rest } = declaration;
    return { ...rest, parameters: schemaOf(parameters ?? parametersJsonSchema ?? parameters_json_schema) };
  });
}

function schemaOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(schemaOf);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === "type" && typeof value === "string" ? value.toLowerCase() : schemaOf(value),
    ]),
  );
}

/** An empty one asks for nothing. */
function configOf(config: unknown, lossy: readonly string[]): unknown {
  if (!isObject(config)) return undefined;
  const { thinkingConfig, ...rest } = config;
  const all = { ...rest, ...(lossy.includes("thinking_config") || !thinkingConfig ? {} : { thinkingConfig }) };
  return Object.keys(all).length > 0 ? all : undefined;
}
