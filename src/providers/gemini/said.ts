/** What one part of an answer is to a client of OpenAI's. */
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { withSignature } from "./signature.ts";

export type Said =
  | { readonly kind: "text"; readonly text: string; readonly signature: unknown }
  | { readonly kind: "thought"; readonly text: string; readonly signature: unknown }
  | { readonly kind: "call"; readonly call: ToolCall }
  | { readonly kind: "image"; readonly image: JsonObject }
  | { readonly kind: "audio"; readonly data: string }
  /** Code that Google ran for the model and what came of it: neither text nor the client's to answer. */
  | { readonly kind: "other"; readonly part: JsonObject };

export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: unknown; readonly arguments: string };
  readonly extra_content?: unknown;
}

/** `callId` makes an id for calls that have none. */
export function saidIn(part: JsonObject, callId: () => string): Said {
  // Most parts by far, by the thousand in a stream.
  if (typeof part.text === "string") {
    return { kind: part.thought === true ? "thought" : "text", text: part.text, signature: part.thoughtSignature };
  }
  const { thought, thoughtSignature: signature, ...said } = part;
  const { functionCall, inlineData } = said;
  if (isObject(functionCall)) return { kind: "call", call: toolCall(functionCall, signature, callId) };
  // A part may hold nothing but a signature. Sketches made while thinking are no part of the answer.
  if (thought === true) return { kind: "thought", text: "", signature };
  if (Object.keys(said).length === 0) return { kind: "text", text: "", signature };
  if (!isObject(inlineData)) return { kind: "other", part };
  const { mimeType, data } = inlineData;
  if (String(mimeType).startsWith("audio/")) return { kind: "audio", data: String(data) };
  const image_url = { url: `data:${mimeType};base64,${data}` };
  return { kind: "image", image: { type: "image_url", image_url, ...withSignature(signature) } };
}

function toolCall({ id, name, args }: JsonObject, signature: unknown, callId: () => string): ToolCall {
  return {
    id: typeof id === "string" && id !== "" ? id : callId(),
    type: "function",
    function: { name, arguments: JSON.stringify(args ?? {}) },
    ...withSignature(signature),
  };
}

/**
 * Ids for the calls of one answer. Made of the answer's own id where it has one, so that they are the same however often
 * it is read; OpenAI's are 29 characters long, and servers with a limit set it at 40.
 */
export function callIds(responseId: unknown, candidate: number): () => string {
  const answer = typeof responseId === "string" && responseId !== "" ? responseId : crypto.randomUUID();
  const stem = `call_${answer.replace(/[^\w-]/g, "").slice(0, 28)}`;
  let calls = 0;
  return () => (candidate === 0 ? `${stem}_${calls++}` : `${stem}_${candidate}_${calls++}`);
}
