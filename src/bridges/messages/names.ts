/** Fields of a chat that a provider's wire could not honour, by the names they had in the request to the Messages API. */
export function nameInMessages(path: string): string {
  const row = NAMES.find(([name]) => path === name || path.startsWith(`${name}.`));
  return row ? row[1] + path.slice(row[0].length) : path;
}

/** Longer names before those that they begin with. */
const NAMES: readonly (readonly [chat: string, messages: string])[] = [
  ["max_completion_tokens", "max_tokens"],
  ["max_tokens", "max_tokens"],
  ["stop", "stop_sequences"],
  ["user", "metadata.user_id"],
  ["reasoning_effort", "thinking"],
  ["response_format.json_schema.schema", "output_config.format.schema"],
  ["response_format.json_schema", "output_config.format"],
  ["response_format", "output_config.format"],
  ["parallel_tool_calls", "tool_choice.disable_parallel_tool_use"],
  ["tools.function.parameters", "tools.input_schema"],
  ["tools.function", "tools"],
  ["messages.reasoning_content", "messages.content.thinking"],
  ["messages.thinking_blocks", "messages.content.thinking"],
  ["messages.tool_calls", "messages.content"],
  ["messages.is_error", "messages.content.is_error"],
  ["messages.content.file.filename", "messages.content.title"],
];
