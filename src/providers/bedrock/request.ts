import { isObject, type JsonObject } from "../../protocol/json.ts";
import { dropOthers } from "../chat/refuse.ts";
import { otherFields, TRANSLATED_EVERYWHERE } from "../chat/wants.ts";
import type { Letter } from "./content.ts";
import { documentNames } from "./formats.ts";
import { inferenceOf } from "./inference.ts";
import { conversationOf } from "./messages.ts";
import { type ModelTraits, traitsOf } from "./models.ts";
import { structuredOf } from "./structured.ts";
import { toolsOf } from "./tools.ts";

export interface ConverseRequest {
  readonly body: JsonObject;
  /** Fields that could not be honoured, or not in full, as dotted paths without indexes. */
  readonly dropped: readonly string[];
}

/**
 * An OpenAI chat request as one of Converse's. A client may send Converse's own fields beside OpenAI's: they pass, and win.
 * Fields that neither knows are the model's, for `additionalModelRequestFields`.
 */
export function converseRequest(chat: JsonObject, model: string): ConverseRequest {
  const dropped = new Set<string>();
  const drop = (path: string) => void dropped.add(path);
  const traits = traitsOf(model);
  const letter: Letter = { drop, cachePoints: traits.cachePoints, nameDocument: documentNames() };
  const messages = Array.isArray(chat.messages) ? chat.messages : [];
  const { answerSchema, outputConfig } = structuredOf(chat, traits, drop);
  const { toolConfig, forced } = toolsOf(chat, { traits, letter, answerSchema, used: toolsUsedIn(messages) });
  const { inferenceConfig, additional } = inferenceOf(chat, { traits, toolForced: forced, drop });
  const body = {
    ...conversationOf(messages, letter),
    ...filled({
      inferenceConfig: { ...inferenceConfig, ...objectIn(chat.inferenceConfig) },
      toolConfig: { ...toolConfig, ...objectIn(chat.toolConfig) },
      outputConfig: { ...outputConfig, ...objectIn(chat.outputConfig) },
      additionalModelRequestFields: {
        ...otherFields(chat, TRANSLATED, drop),
        ...additional,
        ...userOf(chat, traits, drop),
        ...objectIn(chat.additionalModelRequestFields),
      },
      serviceTier: { ...serviceTierOf(chat.service_tier, drop), ...objectIn(chat.serviceTier) },
      requestMetadata: { ...metadataOf(chat, traits, drop), ...objectIn(chat.requestMetadata) },
    }),
    ...Object.fromEntries(OWN.filter((name) => isGiven(chat[name])).map((name) => [name, chat[name]])),
  };
  dropUnread(chat, drop);
  return { body, dropped: [...dropped] };
}

/** Converse's fields that have no counterpart at OpenAI. */
const OWN = ["guardrailConfig", "performanceConfig", "promptVariables", "additionalModelResponseFieldPaths"];

/** Objects of which only some members are read, or that are none. */
function dropUnread(chat: JsonObject, drop: (path: string) => void): void {
  for (const name of OBJECTS) if (isGiven(chat[name]) && !isObject(chat[name])) drop(name);
  // Nothing is padded here to hide its length.
  const { include_obfuscation, ...options } = objectIn(chat.stream_options);
  if (include_obfuscation === true) drop("stream_options.include_obfuscation");
  dropOthers(options, { known: new Set(["include_usage"]), path: "stream_options", drop });
}

const OBJECTS = [
  ...["stream_options", "metadata", "response_format", "inferenceConfig", "toolConfig", "outputConfig"],
  ...["additionalModelRequestFields", "serviceTier", "requestMetadata"],
];

function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function filled(members: Readonly<Record<string, JsonObject>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => Object.keys(value).length > 0));
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function toolsUsedIn(messages: readonly unknown[]): ReadonlySet<string> {
  const calls = messages.flatMap((message) =>
    isObject(message) && Array.isArray(message.tool_calls) ? message.tool_calls : [],
  );
  const names = calls.map((call) => (isObject(call) && isObject(call.function) ? call.function.name : undefined));
  return new Set(names.filter((name) => typeof name === "string"));
}

const TRANSLATED: ReadonlySet<string> = new Set([
  ...OWN,
  ...TRANSLATED_EVERYWHERE,
  "metadata",
  "user",
  "safety_identifier",
  "service_tier",
  "betas",
  "output_config",
  "inferenceConfig",
  "toolConfig",
  "outputConfig",
  "additionalModelRequestFields",
  "serviceTier",
  "requestMetadata",
]);

function serviceTierOf(tier: unknown, drop: (path: string) => void): JsonObject {
  if (!isGiven(tier) || tier === "auto") return {};
  if (tier === "default" || tier === "flex" || tier === "priority") return { type: tier };
  drop("service_tier");
  return {};
}

/** Claude takes the user's id where Anthropic's own API has it. */
function userOf(chat: JsonObject, { claude }: ModelTraits, drop: (path: string) => void): JsonObject {
  const id = claude && (objectIn(chat.metadata).user_id ?? chat.user ?? chat.safety_identifier);
  const known = typeof id === "string" && id !== "";
  for (const name of ["user", "safety_identifier"]) {
    if (isGiven(chat[name]) && !(known && chat[name] === id)) drop(name);
  }
  return known ? { metadata: { user_id: id } } : {};
}

/** OpenAI's notes are for finding a call again in its archive, Converse's for finding it in the account's log: the same, but shorter. */
function metadataOf({ metadata }: JsonObject, { claude }: ModelTraits, drop: (path: string) => void): JsonObject {
  const all = Object.entries(objectIn(metadata)).filter(([name]) => !claude || name !== "user_id");
  const kept = all.filter(([name, value]) => name !== "" && [name, value].every(isPlain));
  if (kept.length < all.length) drop("metadata");
  return Object.fromEntries(kept);
}

function isPlain(text: unknown): boolean {
  return typeof text === "string" && /^[\w\s:@$#=/+,.-]{0,256}$/.test(text);
}
