import type { JsonObject } from "../../protocol/json.ts";
import { blocksOf, type Part, partsOf, simplest, textPart } from "./content.ts";
import { markOf } from "./marks.ts";
import { invalid, type Way } from "./way.ts";

export interface Results {
  readonly results: readonly JsonObject[];
  /** Images and files among them, for the user's next message: OpenAI's tools answer in text alone. */
  readonly attached: readonly Part[];
}

export function resultMessages(blocks: readonly JsonObject[], path: string, way: Way): Results {
  const each = blocks.map((block) => resultMessage(block, path, way));
  return { results: each.map(({ message }) => message), attached: each.flatMap(({ attached }) => attached) };
}

function resultMessage(block: JsonObject, path: string, way: Way): { message: JsonObject; attached: readonly Part[] } {
  const { tool_use_id: id, content, is_error: isError } = block;
  if (typeof id !== "string" || id === "") throw invalid(`${path}.tool_use_id`, "must be a string");
  const parts = blocksOf(content, `${path}.content`).flatMap((inner) => partsOf(inner, `${path}.content`, way));
  if (isError === true && !way.translated) way.drop("messages.content.is_error");
  const told = way.translated ? parts : parts.filter(({ type }) => type === "text");
  const attached = parts.filter((part) => !told.includes(part));
  const mark = markOf(block, "messages.content", way);
  const message = {
    role: "tool",
    tool_call_id: id,
    content: simplest(withLast(told, mark)),
    ...(isError === true && way.translated ? { is_error: true } : {}),
    // A result without content has no other place for it.
    ...(parts.length === 0 && way.translated ? mark : {}),
  };
  const shown = told.length > 0 ? attached : withLast(attached, mark);
  return { message, attached: shown.length > 0 ? [textPart(`Attached to the result of ${id}:`), ...shown] : [] };
}

function withLast(parts: readonly Part[], mark: JsonObject): Part[] {
  return parts.map((part, at) => (at === parts.length - 1 ? { ...part, ...mark } : part));
}
