import { isObject, type JsonObject } from "../../protocol/json.ts";
import { partsOf, simplest } from "./content.ts";
import { innerMarkOf } from "./marks.ts";
import { thoughtsOf } from "./thoughts.ts";
import { invalid, unsupported, type Way } from "./way.ts";

/** A turn of the assistant; nothing when only thoughts that cannot be given back are left of it. */
export function assistantMessage(blocks: readonly JsonObject[], path: string, way: Way): JsonObject[] {
  const of = (type: string) => blocks.filter((block) => block.type === type);
  const other = blocks.find(({ type }) => !KNOWN.has(type));
  // What Anthropic's own tools did is part of what was said; nobody else can read it.
  if (other) throw unsupported(path, `content blocks of type ${String(other.type).slice(0, 80)}`);
  const parts = of("text").flatMap((block) => partsOf(block, path, way));
  const calls = of("tool_use").map((block) => toolCall(block, path, way));
  const thoughts = thoughtsOf(
    blocks.filter(({ type }) => type === "thinking" || type === "redacted_thinking"),
    way,
  );
  if (parts.length === 0 && calls.length === 0 && Object.keys(thoughts).length === 0) return [];
  return [
    {
      role: "assistant",
      content: parts.length === 0 ? (calls.length > 0 ? null : "") : simplest(parts),
      ...thoughts,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
  ];
}

const KNOWN: ReadonlySet<unknown> = new Set(["text", "tool_use", "thinking", "redacted_thinking"]);

function toolCall(block: JsonObject, path: string, way: Way): JsonObject {
  const { id, name, input, extra_content: extra } = block;
  if (typeof id !== "string" || id === "") throw invalid(`${path}.id`, "must be a string");
  if (typeof name !== "string" || name === "") throw invalid(`${path}.name`, "must be a string");
  return {
    id,
    type: "function",
    function: { name, arguments: argumentsOf(input) },
    // A provider's own state, as Gemini's signatures: it came in our answer and goes back where it is understood.
    ...(isObject(extra) && (way.translated || /gemini/i.test(way.target.model)) ? { extra_content: extra } : {}),
    ...innerMarkOf(block, "messages.content", way),
  };
}

/** Text that a model wrote amiss, or was cut off in, goes back as it was (see answer.ts). */
function argumentsOf(input: unknown): string {
  if (isObject(input) && typeof input.invalid_json === "string" && Object.keys(input).length === 1) {
    return input.invalid_json;
  }
  return JSON.stringify(input ?? {});
}
