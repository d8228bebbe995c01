import { isObject, type JsonObject } from "../../protocol/json.ts";
import { isOurSeal, typeOfItem, unseal } from "../../protocol/responses.ts";
import { AssistantTurn } from "./assistant.ts";
import { contentOf, type Place, partOf } from "./content.ts";
import { invalid, unsupported, type Way } from "./way.ts";

/** An item, and where the client finds it. */
export interface Said {
  readonly item: JsonObject;
  readonly path: string;
}

/** Items as a chat's messages: what the model thought, said and called in a row becomes one message of the assistant. */
export function messagesOf(said: readonly Said[], way: Way): JsonObject[] {
  const messages: JsonObject[] = [];
  let turn: AssistantTurn | undefined;
  const close = () => {
    const message = turn?.message(way);
    if (message) messages.push(message);
    turn = undefined;
  };
  for (const { item, path } of said) {
    const piece = pieceOf(item, { path, way });
    if (piece === undefined) continue;
    if (piece.kind === "message") {
      close();
      messages.push(piece.message);
    } else {
      if (turn && !turn.takes(piece)) close();
      turn ??= new AssistantTurn();
      turn.add(piece);
    }
  }
  close();
  return messages;
}

/** What an item brings to a chat: a message of its own, or a part of the assistant's. */
export type Piece = { readonly kind: "message"; readonly message: JsonObject } | AssistantPiece;

export type AssistantPiece =
  | { readonly kind: "thought"; readonly text: string; readonly sealed: JsonObject }
  | { readonly kind: "words"; readonly parts: readonly JsonObject[] }
  | { readonly kind: "call"; readonly call: JsonObject };

/** Undefined for what is left out, and named. */
function pieceOf(item: JsonObject, place: Place): Piece | undefined {
  const type = typeOfItem(item);
  switch (type) {
    case "message":
      return messageOf(item, place);
    case "reasoning":
      return thoughtOf(item, place.way);
    case "function_call":
      return { kind: "call", call: functionCall(item, place) };
    case "custom_tool_call":
      return { kind: "call", call: customCall(item, place) };
    case "function_call_output":
    case "custom_tool_call_output":
      return { kind: "message", message: toolResult(item, place) };
    default:
      if (!ASIDE.has(type)) throw unsupported(place.path, `items of the type ${type.slice(0, 80)}`);
      place.way.drop(`input.${type}`);
      return undefined;
  }
}

/** What OpenAI's own tools did for an answer: the answer says what came of it. */
const ASIDE: ReadonlySet<string> = new Set([
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_list_tools",
  "mcp_call",
]);

function messageOf(item: JsonObject, { path, way }: Place): Piece {
  const { role, content } = item;
  if (item.phase) way.drop("input.phase");
  const place = { path: `${path}.content`, way };
  if (role === "assistant") return { kind: "words", parts: wordsOf(content, place) };
  if (role !== "user" && role !== "system" && role !== "developer") {
    throw invalid(`${path}.role`, "must be user, assistant, system or developer");
  }
  // Few servers of chat know the role `developer`, all of them `system`.
  const told = role === "developer" ? "system" : role;
  return { kind: "message", message: { role: told, content: contentOf(content, place) } };
}

function wordsOf(content: unknown, place: Place): JsonObject[] {
  const parts = contentOf(content, place);
  if (typeof parts !== "string") return parts;
  return Array.isArray(content) ? [partOf(content[0], place)] : [{ type: "text", text: parts }];
}

function thoughtOf({ summary, content, encrypted_content: sealed }: JsonObject, { drop }: Way): Piece {
  if (sealed !== undefined && sealed !== null && !isOurSeal(sealed)) drop("input.encrypted_content");
  return { kind: "thought", text: textsIn(summary) + textsIn(content), sealed: unseal(sealed) ?? {} };
}

function textsIn(parts: unknown): string {
  return (Array.isArray(parts) ? parts.filter(isObject) : []).map(({ text }) => text ?? "").join("");
}

function functionCall(item: JsonObject, { path }: Place): JsonObject {
  const { name, arguments: text } = item;
  if (typeof name !== "string") throw invalid(`${path}.name`, "must be a string");
  return { id: callId(item, path), type: "function", function: { name, arguments: text ?? "" } };
}

function customCall(item: JsonObject, { path }: Place): JsonObject {
  return { id: callId(item, path), type: "custom", custom: { name: item.name, input: item.input ?? "" } };
}

function toolResult(item: JsonObject, { path, way }: Place): JsonObject {
  const content = contentOf(item.output, { path: `${path}.output`, way });
  return { role: "tool", tool_call_id: callId(item, path), content };
}

function callId({ call_id: id }: JsonObject, path: string): string {
  if (typeof id !== "string" || id === "") throw invalid(`${path}.call_id`, "must be a string");
  return id;
}
