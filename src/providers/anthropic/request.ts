import { isObject, type JsonObject } from "../../protocol/json.ts";
import { dropOthers, numberIn } from "../chat/refuse.ts";
import { otherFields, TRANSLATED_EVERYWHERE } from "../chat/wants.ts";
import { withJsonTool } from "./json-tool.ts";
import { conversationOf } from "./messages.ts";
import { type ModelTraits, traitsOf } from "./models.ts";
import { samplersOf } from "./samplers.ts";
import { enforceable } from "./schema.ts";
import { thinkingOf } from "./thinking.ts";
import { forcesTool, toolsOf } from "./tools.ts";

export interface MessagesRequest {
  readonly body: JsonObject;
  /** For the header `anthropic-beta`. */
  readonly betas: readonly string[];
  /** Fields that could not be honoured, or not in full, as dotted paths without indexes. */
  readonly dropped: readonly string[];
}

export interface RequestOptions {
  readonly model: string;
  readonly defaultMaxTokens: number;
}

/** An OpenAI chat request as a request to Anthropic's Messages API. Fields that OpenAI does not know are Anthropic's and pass. */
export function messagesRequest(chat: JsonObject, { model, defaultMaxTokens }: RequestOptions): MessagesRequest {
  const dropped = new Set<string>();
  const drop = (path: string) => void dropped.add(path);
  const traits = traitsOf(model);
  const offered = toolsOf(chat, traits, drop);
  const jsonTools = withJsonTool(chat, { traits, tools: offered });
  const tools = jsonTools ?? offered;
  const { maxTokens, thinking, effort } = thinkingOf(chat, {
    traits,
    maxTokens: maxTokensOf(chat, drop),
    defaultMaxTokens,
    toolForced: forcesTool(tools),
    drop,
  });
  const body = {
    // First, so that nothing among them replaces what is translated.
    ...otherFields(chat, TRANSLATED, drop),
    model,
    max_tokens: maxTokens,
    ...conversationOf(Array.isArray(chat.messages) ? chat.messages : [], drop),
    ...tools,
    ...(chat.stream === true ? { stream: true } : {}),
    ...(thinking ? { thinking } : {}),
    ...samplersOf(chat, { traits, thinking, drop }),
    ...stopOf(chat.stop, drop),
    ...metadataOf(chat, drop),
    ...serviceTierOf(chat.service_tier, drop),
    ...outputConfigOf(chat, { traits, effort, formatted: jsonTools !== undefined, drop }),
  };
  const betas = betasOf(chat.betas, drop);
  dropUnread(chat, drop);
  return { body, betas, dropped: [...dropped] };
}

/** The newer name wins. */
function maxTokensOf(chat: JsonObject, drop: (path: string) => void): number | undefined {
  const older = numberIn(chat, "max_tokens");
  const newer = numberIn(chat, "max_completion_tokens") ?? older;
  if (older !== undefined && older !== newer) drop("max_tokens");
  return newer;
}

/** Objects of which only some members are read, or that are none. */
function dropUnread(chat: JsonObject, drop: (path: string) => void): void {
  for (const name of ["thinking", "output_config", "stream_options", "metadata", "response_format"]) {
    if (chat[name] !== undefined && chat[name] !== null && !isObject(chat[name])) drop(name);
  }
  // Nothing is padded here to hide its length.
  const { include_obfuscation, ...options } = isObject(chat.stream_options) ? chat.stream_options : {};
  if (include_obfuscation === true) drop("stream_options.include_obfuscation");
  dropOthers(options, { known: STREAM_OPTIONS, path: "stream_options", drop });
}

const STREAM_OPTIONS: ReadonlySet<string> = new Set(["include_usage"]);

const TRANSLATED: ReadonlySet<string> = new Set([
  ...TRANSLATED_EVERYWHERE,
  "thinking",
  "metadata",
  "user",
  "safety_identifier",
  "service_tier",
  "output_config",
  "betas",
]);

/** Anthropic refuses stop sequences without a visible character. */
function stopOf(stop: unknown, drop: (path: string) => void): JsonObject {
  const sequences: unknown[] = Array.isArray(stop) ? stop : [stop ?? []].flat();
  const visible = sequences.filter((one) => typeof one === "string" && /\S/.test(one));
  if (visible.length < sequences.length) drop("stop");
  return visible.length > 0 ? { stop_sequences: visible } : {};
}

/** OpenAI's `metadata` is a note for its own archive; the one member that Anthropic knows is `user_id`. */
function metadataOf(chat: JsonObject, drop: (path: string) => void): JsonObject {
  const { user_id, ...notes } = isObject(chat.metadata) ? chat.metadata : {};
  if (Object.keys(notes).length > 0) drop("metadata");
  const id = user_id ?? chat.user ?? chat.safety_identifier;
  for (const name of ["user", "safety_identifier"]) if ((chat[name] ?? id) !== id) drop(name);
  return typeof id === "string" && id !== "" ? { metadata: { user_id: id } } : {};
}

const TIERS: ReadonlyMap<unknown, string> = new Map([
  ["auto", "auto"],
  ["default", "standard_only"],
  ["standard_only", "standard_only"],
]);

function serviceTierOf(tier: unknown, drop: (path: string) => void): JsonObject {
  if (tier === undefined || tier === null) return {};
  const service_tier = TIERS.get(tier);
  if (service_tier === undefined) drop("service_tier");
  return service_tier === undefined ? {} : { service_tier };
}

interface OutputOptions {
  readonly traits: ModelTraits;
  readonly effort: string | undefined;
  /** The response format has been seen to. */
  readonly formatted: boolean;
  readonly drop: (path: string) => void;
}

/** What the client says in Anthropic's own words wins. */
function outputConfigOf(chat: JsonObject, { traits, effort, formatted, drop }: OutputOptions): JsonObject {
  const format = formatted ? undefined : formatOf(chat.response_format, traits, drop);
  const config = {
    ...(effort ? { effort } : {}),
    ...(format ? { format } : {}),
    ...(isObject(chat.output_config) ? chat.output_config : {}),
  };
  return Object.keys(config).length > 0 ? { output_config: config } : {};
}

function formatOf(wanted: unknown, traits: ModelTraits, drop: (path: string) => void): JsonObject | undefined {
  if (wanted === undefined || wanted === null || (isObject(wanted) && wanted.type === "text")) return undefined;
  const { schema, description } = isObject(wanted) && isObject(wanted.json_schema) ? wanted.json_schema : {};
  if (!isObject(schema) || !traits.schemas) {
    // JSON of any shape (`json_object`) cannot be asked for: Anthropic wants every object's members named. A tool takes
    // it, but not beside thinking.
    drop("response_format");
    return undefined;
  }
  const enforced = enforceable(schema, (keyword) => drop(`response_format.json_schema.schema.${keyword}`));
  const told = typeof description === "string" && description !== "" && enforced.description === undefined;
  return { type: "json_schema", schema: told ? { ...enforced, description } : enforced };
}

/** Names of features, as the header `anthropic-beta` takes them. */
function betasOf(betas: unknown, drop: (path: string) => void): string[] {
  if (!Array.isArray(betas)) return [];
  const named = betas.filter((beta): beta is string => typeof beta === "string" && /^[\w.-]{1,100}$/.test(beta));
  if (named.length < betas.length) drop("betas");
  return named;
}
