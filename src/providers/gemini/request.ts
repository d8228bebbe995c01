import type { JsonObject } from "../../protocol/json.ts";
import { conversationOf } from "./contents.ts";
import { nativeFields } from "./fields.ts";
import { generationOf } from "./generation.ts";
import { traitsOf } from "./models.ts";
import { thinkingOf } from "./thinking.ts";
import { toolsOf } from "./tools.ts";

export interface GeminiRequest {
  readonly body: JsonObject;
  /** How it is to be served, where the client asked for more or less than usual. */
  readonly tier: "flex" | "priority" | undefined;
  /** Fields that could not be honoured, or not in full, as dotted paths without indexes. */
  readonly dropped: readonly string[];
}

export interface RequestOptions {
  readonly model: string;
  readonly callIds: boolean;
}

/** An OpenAI chat request as a request to generate content. */
export function geminiRequest(chat: JsonObject, { model, callIds }: RequestOptions): GeminiRequest {
  const dropped = new Set<string>();
  const drop = (path: string) => void dropped.add(path);
  const traits = traitsOf(model);
  const tools = toolsOf(chat, traits, drop);
  const native = nativeFields(chat, drop);
  const generationConfig = {
    ...generationOf(chat, {
      thinking: thinkingOf(chat, traits, drop),
      takesFormat: traits.combinesTools || tools.tools === undefined,
      drop,
    }),
    ...native.generationConfig,
  };
  const toolConfig = { ...tools.toolConfig, ...native.toolConfig };
  const body = {
    ...conversationOf(Array.isArray(chat.messages) ? chat.messages : [], { traits, callIds, drop }),
    ...(tools.tools ? { tools: tools.tools } : {}),
    ...(isEmpty(toolConfig) ? {} : { toolConfig }),
    ...(isEmpty(generationConfig) ? {} : { generationConfig }),
    ...native.rest,
  };
  const tier = tierOf(chat.service_tier, drop);
  return { body, tier, dropped: [...dropped] };
}

function isEmpty(value: JsonObject): boolean {
  return Object.keys(value).length === 0;
}

function tierOf(tier: unknown, drop: (path: string) => void): GeminiRequest["tier"] {
  if (tier === "flex" || tier === "priority") return tier;
  if (tier !== undefined && tier !== null && tier !== "auto" && tier !== "default") drop("service_tier");
  return undefined;
}
