import type { JsonObject } from "../../protocol/json.ts";
import { otherFields, userOf } from "./fields.ts";
import { effortOf, formatOf } from "./output.ts";
import { toolsOf } from "./tools.ts";
import { chatMessages } from "./turns.ts";
import { unsupported, type Way } from "./way.ts";

export interface ChatRequest {
  readonly chat: JsonObject;
  /** Fields that could not be honoured, as dotted paths without indexes. */
  readonly dropped: readonly string[];
}

export type ChatRequestOptions = Omit<Way, "drop">;

/** A request to Anthropic's Messages API as an OpenAI chat request. */
export function chatRequest(asked: JsonObject, options: ChatRequestOptions): ChatRequest {
  const dropped = new Set<string>();
  const way: Way = { ...options, drop: (path) => void dropped.add(path) };
  if (asked.max_tokens === 0) throw unsupported("max_tokens", "a request that only fills the cache");
  const chat = {
    model: asked.model,
    messages: chatMessages(asked, way),
    [way.completionLimit ? "max_completion_tokens" : "max_tokens"]: asked.max_tokens,
    // Messages always tell usage; chats only when asked.
    ...(asked.stream === true ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...toolsOf(asked, way),
    ...effortOf(asked, way),
    ...formatOf(asked, way),
    ...told({ temperature: asked.temperature, top_p: asked.top_p, stop: stopOf(asked.stop_sequences) }),
    ...userOf(asked.metadata, way),
    ...otherFields(asked, way),
  };
  return { chat, dropped: [...dropped] };
}

/** None asked for is no list at all: OpenAI refuses an empty one. */
function stopOf(sequences: unknown): unknown {
  return Array.isArray(sequences) && sequences.length === 0 ? undefined : sequences;
}

/** Members that say something. */
function told(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
