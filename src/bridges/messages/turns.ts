import { isObject, type JsonObject } from "../../protocol/json.ts";
import { assistantMessage } from "./assistant.ts";
import { blocksOf, type Part, partsOf, simplest } from "./content.ts";
import { resultMessages } from "./results.ts";
import { invalid, type Way } from "./way.ts";

/** System prompt and turns as a chat's messages, in the order of saying. */
export function chatMessages({ system, messages }: JsonObject, way: Way): JsonObject[] {
  const instructions = systemMessages(system, "system", way);
  const turns: unknown[] = Array.isArray(messages) ? messages : [];
  const last = turns.at(-1);
  // A chat answers anew where Anthropic goes on from the assistant's own words.
  if (isObject(last) && last.role === "assistant" && !way.translated) way.drop("messages.prefill");
  return [...instructions, ...turns.flatMap((turn: unknown, at) => turnMessages(turn, `messages[${at}]`, way))];
}

function turnMessages(turn: unknown, path: string, way: Way): JsonObject[] {
  const { role, content } = isObject(turn) ? turn : {};
  if (role === "user") return userMessages(blocksOf(content, `${path}.content`), path, way);
  if (role === "assistant") return assistantMessage(blocksOf(content, `${path}.content`), `${path}.content`, way);
  if (role === "system") return systemMessages(content, `${path}.content`, way);
  throw invalid(`${path}.role`, "must be user, assistant or system");
}

function systemMessages(content: unknown, path: string, way: Way): JsonObject[] {
  const parts = partsIn(blocksOf(content, path), path, way);
  return parts.length > 0 ? [{ role: "system", content: simplest(parts) }] : [];
}

/** Results of tools come first, since a chat wants them right after the calls; then what the user says himself. */
function userMessages(blocks: readonly JsonObject[], path: string, way: Way): JsonObject[] {
  const isResult = ({ type }: JsonObject) => type === "tool_result";
  const { results, attached } = resultMessages(blocks.filter(isResult), `${path}.content`, way);
  const said = partsIn(
    blocks.filter((block) => !isResult(block)),
    `${path}.content`,
    way,
  );
  const parts = [...attached, ...said];
  return [...results, ...(parts.length > 0 ? [{ role: "user", content: simplest(parts) }] : [])];
}

function partsIn(blocks: readonly JsonObject[], path: string, way: Way): Part[] {
  return blocks.flatMap((block, at) => partsOf(block, `${path}[${at}]`, way));
}
