import { isObject, type JsonObject } from "../../protocol/json.ts";
import { tierOf } from "./output.ts";

export interface Answered {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly model: unknown;
}

/** A Response before anything was answered: what was asked for, with the API's defaults where it was not said. */
export function echoOf(asked: JsonObject, { id, createdAt, model }: Answered): JsonObject {
  return {
    id,
    object: "response",
    created_at: createdAt,
    status: "in_progress",
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    max_tool_calls: asked.max_tool_calls ?? null,
    model,
    output: [],
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    previous_response_id: asked.previous_response_id ?? null,
    prompt_cache_key: asked.prompt_cache_key ?? null,
    reasoning: { effort: effortIn(asked.reasoning), summary: summaryIn(asked.reasoning) },
    safety_identifier: asked.safety_identifier ?? null,
    service_tier: tierOf(asked.service_tier).service_tier ?? "auto",
    store: asked.store ?? true,
    temperature: asked.temperature ?? 1,
    text: textOf(asked.text),
    tool_choice: asked.tool_choice ?? "auto",
    tools: Array.isArray(asked.tools) ? asked.tools.map(toolOf) : [],
    top_logprobs: asked.top_logprobs ?? 0,
    top_p: asked.top_p ?? 1,
    truncation: asked.truncation ?? "disabled",
    usage: null,
    user: asked.user ?? null,
    metadata: asked.metadata ?? {},
  };
}

function effortIn(reasoning: unknown): unknown {
  return isObject(reasoning) ? (reasoning.effort ?? null) : null;
}

function summaryIn(reasoning: unknown): unknown {
  return isObject(reasoning) ? (reasoning.summary ?? reasoning.generate_summary ?? null) : null;
}

function textOf(text: unknown): JsonObject {
  const { format, verbosity, ...others } = isObject(text) ? text : {};
  return { ...others, format: format ?? { type: "text" }, verbosity: verbosity ?? "medium" };
}

/** A tool that did not ask to be strict was not made so. */
function toolOf(tool: unknown): unknown {
  if (!isObject(tool) || tool.type !== "function") return tool;
  return { ...tool, parameters: tool.parameters ?? null, strict: tool.strict ?? false };
}
