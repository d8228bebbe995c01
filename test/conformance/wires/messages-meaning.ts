/** A request to Anthropic's Messages API in one spelling, so that two that mean the same compare equal. */
import { isObject, type JsonObject } from "../../../src/protocol/json.ts";

/** Removes what `lossy` names, and writes every alternative spelling the same way. */
export function meaningOf(body: JsonObject, lossy: readonly string[]): JsonObject {
  const { system, messages, tools, thinking, output_config, output_format, ...rest } = withoutLost(body, lossy);
  const { format = output_format, ...config } = isObject(output_config) ? output_config : {};
  return {
    ...rest,
    // Several system blocks reach the model as one text.
    system: system === undefined ? undefined : textOf(blocksOf(system)),
    messages: withCountedIds(joinTurns(messages)),
    tools: Array.isArray(tools) ? tools.filter((tool) => !isServerTool(tool, lossy)) : tools,
    thinking: lossy.includes("thinking") ? undefined : thinking,
    // `output_format` was the beta's name for `output_config.format`.
    output_format: format,
    output_config: Object.keys(config).length > 0 ? config : undefined,
  };
}

/** The names that recordings use in `client.lossy` for what is inside a message or a tool. */
function withoutLost(body: JsonObject, lossy: readonly string[]): JsonObject {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((item) => !isLost(item, lossy)).map(clean);
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(([key]) => key !== "cache_control" || !lossy.includes(key));
    return Object.fromEntries(kept.map(([key, child]) => [key, clean(child)]));
  };
  return clean(body) as JsonObject;
}

function isLost(block: unknown, lossy: readonly string[]): boolean {
  if (!isObject(block)) return false;
  const isThinking = block.type === "thinking" || block.type === "redacted_thinking";
  if (isThinking && lossy.includes("thinking_replay")) return true;
  return isObject(block.source) && lossy.includes(`${block.type}:${block.source.type}`);
}

function isServerTool(tool: unknown, lossy: readonly string[]): boolean {
  return isObject(tool) && lossy.includes(`server_tool:${tool.type}`);
}

/** Content as blocks, and messages of one role in a row as one: the API joins them itself. */
function joinTurns(messages: unknown): JsonObject[] {
  const turns: { role: unknown; content: unknown[] }[] = [];
  for (const message of Array.isArray(messages) ? messages.filter(isObject) : []) {
    const content = blocksOf(message.content).map(spellOut);
    const last = turns.at(-1);
    if (last && last.role === message.role) last.content.push(...content);
    else turns.push({ role: message.role, content });
  }
  return turns;
}

function blocksOf(content: unknown): unknown[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content : [];
}

function spellOut(block: unknown): unknown {
  if (!isObject(block) || block.type !== "tool_result") return block;
  return { ...block, content: blocksOf(block.content), is_error: block.is_error === true };
}

function textOf(blocks: readonly unknown[]): string {
  return blocks.map((block) => (isObject(block) ? block.text : "")).join("\n");
}

/** Tool-call ids are made up on the way; that call and result belong together is what counts. */
function withCountedIds(turns: readonly JsonObject[]): unknown {
  const counted = new Map<unknown, string>();
  const numberOf = (id: unknown) => {
    if (!counted.has(id)) counted.set(id, `call ${counted.size + 1}`);
    return counted.get(id);
  };
  const rename = (block: unknown): unknown => {
    if (!isObject(block)) return block;
    if (block.type === "tool_use") return { ...block, id: numberOf(block.id) };
    if (block.type === "tool_result") return { ...block, tool_use_id: numberOf(block.tool_use_id) };
    return block;
  };
  return turns.map((turn) => ({ ...turn, content: (turn.content as unknown[]).map(rename) }));
}
