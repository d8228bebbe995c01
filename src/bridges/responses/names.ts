/** Chat's names for fields, with the name the Responses API has for each; the first that fits counts. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^max_(completion_)?tokens$/, "max_output_tokens"],
  [/^reasoning_effort\b/, "reasoning.effort"],
  [/^verbosity\b/, "text.verbosity"],
  [/^response_format(\.json_schema)?\b/, "text.format"],
  [/^logprobs$/, "top_logprobs"],
  [/^(tools|tool_choice)\.function\b/, "$1"],
  [/^tool_choice\.allowed_tools\b/, "tool_choice"],
  // Which item a message came of is no longer known.
  [/^messages\[.*$/, "input"],
  [/^messages\.content\.(image_url|file)\b/, "input.content"],
  [/^messages\.tool_calls\.(function|custom)\b/, "input"],
  [/^messages\.(tool_calls|reasoning_content|thinking_blocks|extra_content)\b/, "input"],
  [/^messages\b/, "input"],
];

/** A dropped field as the client asked for it. */
export function nameInResponses(path: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(path));
  return found ? path.replace(found[0], found[1]) : path;
}
