import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { invalid, unsupported } from "../chat/refuse.ts";
import { type Part, partsOf } from "./content.ts";
import { mediaPart } from "./media.ts";
import type { ModelTraits } from "./models.ts";
import { NO_SIGNATURE, signatureOf } from "./signature.ts";
import { responsePart, withMedia } from "./tool-results.ts";

export interface Conversation {
  readonly systemInstruction?: { readonly parts: readonly Part[] };
  readonly contents: readonly Content[];
}

interface Content {
  readonly role: "user" | "model";
  readonly parts: readonly Part[];
}

export interface ConversationOptions {
  readonly traits: ModelTraits;
  /** Calls and results carry their ids: Vertex knows them by their order alone. */
  readonly callIds: boolean;
  readonly drop: (path: string) => void;
}

/**
 * OpenAI's messages as Gemini's contents. System and developer messages, wherever they stand, go to the front; results of
 * tools in a row are one turn, as the calls were.
 */
export function conversationOf(messages: readonly unknown[], options: ConversationOptions): Conversation {
  const system: Part[] = [];
  const contents: { role: Content["role"]; parts: Part[] }[] = [];
  const names = new Map<unknown, string>();
  let results: Part[] | undefined;
  for (const [at, message] of messages.entries()) {
    const path = `messages[${at}]`;
    if (!isObject(message)) throw invalid(path, "must be an object");
    markDropped(message, options.drop);
    if (message.role === "tool") {
      if (!results) {
        results = [];
        contents.push({ role: "user", parts: results });
      }
      results.push(responsePart(message, { path, names, ...options }));
      continue;
    }
    results = undefined;
    if (message.role === "system" || message.role === "developer") {
      system.push(...partsOf(message.content, { path: `${path}.content`, drop: options.drop }));
      continue;
    }
    const parts = partsIn(message, path, { names, ...options });
    if (parts.length > 0) contents.push({ role: message.role === "assistant" ? "model" : "user", parts });
  }
  const turns = contents.map(({ role, parts }) => ({ role, parts: withMedia(parts, options.traits) }));
  return withInstructions(system, turns, options.traits);
}

/** Gemini wants something said by the user; Gemma wants the instructions there as well. */
function withInstructions(
  system: readonly Part[],
  contents: Content[],
  { takesInstructions }: ModelTraits,
): Conversation {
  if (system.length === 0) return { contents };
  const [first, ...rest] = contents;
  if (!first) return { contents: [{ role: "user", parts: system }] };
  if (takesInstructions) return { systemInstruction: { parts: system }, contents };
  if (first.role === "user") return { contents: [{ role: "user", parts: [...system, ...first.parts] }, ...rest] };
  return { contents: [{ role: "user", parts: system }, ...contents] };
}

function markDropped(message: JsonObject, drop: (path: string) => void): void {
  if (message.name && message.role !== "tool") drop("messages.name");
  if (message.cache_control) drop("messages.cache_control");
}

interface Turn extends ConversationOptions {
  /** Of the calls so far, by id: results name their tool. */
  readonly names: Map<unknown, string>;
}

function partsIn(message: JsonObject, path: string, turn: Turn): Part[] {
  switch (message.role) {
    case "user":
      return partsOf(message.content, { path: `${path}.content`, drop: turn.drop });
    case "assistant":
      return modelParts(message, path, turn);
    case "function":
      throw unsupported(`${path}.role`, "messages of the role function");
    default:
      throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool");
  }
}

function modelParts(message: JsonObject, path: string, turn: Turn): Part[] {
  const { drop } = turn;
  const place = { path: `${path}.content`, drop };
  const texts = [...partsOf(message.content, place), ...partsOf(message.refusal, place)].filter(
    ({ text }) => text !== "",
  );
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const called = calls.map((call: unknown, at) => callPart(call, `${path}.tool_calls[${at}]`, turn));
  const parts = signed([...texts, ...imageParts(message.images, path), ...signedCalls(called, turn.traits)], message);
  if (message.audio) drop("messages.audio");
  if (message.function_call) drop("messages.function_call");
  // Another provider's thoughts; Gemini's own are in the signatures.
  if (Array.isArray(message.thinking_blocks) && message.thinking_blocks.length > 0) drop("messages.thinking_blocks");
  else if (message.reasoning_content && !parts.some(isSigned)) drop("messages.reasoning_content");
  return parts;
}

function isSigned({ thoughtSignature }: Part): boolean {
  return thoughtSignature !== undefined && thoughtSignature !== NO_SIGNATURE;
}

/** A signature that came with text goes back on text, an empty one if need be. */
function signed(parts: Part[], message: JsonObject): Part[] {
  const thoughtSignature = signatureOf(message);
  if (thoughtSignature === undefined) return parts;
  const at = parts.findLastIndex(({ text }) => text !== undefined);
  if (at < 0) return [...parts, { text: "", thoughtSignature }];
  return parts.with(at, { ...parts[at], thoughtSignature });
}

/** Of calls made together the first one is signed. */
function signedCalls(parts: Part[], { signsCalls }: ModelTraits): Part[] {
  const [first, ...others] = parts;
  if (!first || !signsCalls || first.thoughtSignature !== undefined) return parts;
  return [{ ...first, thoughtSignature: NO_SIGNATURE }, ...others];
}

function callPart(call: unknown, path: string, { names, callIds }: Turn): Part {
  const { name, arguments: text } = isObject(call) && isObject(call.function) ? call.function : {};
  if (typeof name !== "string") throw invalid(`${path}.function.name`, "must be a string");
  const { id } = call as JsonObject;
  names.set(id, name);
  const thoughtSignature = signatureOf(call as JsonObject);
  return {
    functionCall: { ...(callIds && typeof id === "string" ? { id } : {}), name, args: argumentsOf(text) },
    ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
  };
}

/** Gemini takes objects only. What a model wrote amiss, or was cut off in, stays readable to it as text. */
function argumentsOf(text: unknown): JsonObject {
  if (isObject(text)) return text;
  if (typeof text !== "string" || !/\S/.test(text)) return {};
  const args = /^\s*\{/.test(text) ? parseExactly(text) : undefined;
  return isObject(args) ? args : { invalid_json: text };
}

/** Pictures of an earlier answer: models that draw go on from them. */
function imageParts(images: unknown, path: string): Part[] {
  if (!Array.isArray(images)) return [];
  return images.filter(isObject).map((image, at) => {
    const { url } = isObject(image.image_url) ? image.image_url : {};
    if (typeof url !== "string") throw invalid(`${path}.images[${at}].image_url.url`, "must be a string");
    const thoughtSignature = signatureOf(image);
    const part = mediaPart(url, "image", `${path}.images[${at}]`);
    return thoughtSignature === undefined ? part : { ...part, thoughtSignature };
  });
}
