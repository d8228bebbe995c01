import type { Adapter } from "../../core/provider.ts";
import { geminiChat } from "../gemini/chat.ts";
import { claudeChat, claudeNative } from "./claude.ts";
import { vertexEmbeddings } from "./embeddings.ts";
import { isClaude, placesIn } from "./places.ts";

export interface VertexOptions {
  readonly project: string;
  readonly location: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

/** Google's and Anthropic's models behind one provider: the model's name tells which wire it is. */
export function vertexAdapters({ project, location, headers, now }: VertexOptions): {
  chat: Adapter;
  embeddings: Adapter;
  messages: Adapter;
  count_tokens: Adapter;
} {
  const sent = { "content-type": "application/json", "accept-encoding": "identity", ...headers };
  const path = placesIn(project, location);
  // Vertex takes no ids of calls before Gemini 3; it knows them by their order.
  const gemini = geminiChat({ headers: sent, callIds: false, path, tier: (tier) => ({ headers: TIERS[tier] }), now });
  return {
    chat: byModel(gemini, claudeChat({ headers: sent, path, now })),
    embeddings: vertexEmbeddings({ headers: sent, path }),
    ...claudeNative({ headers: sent, path, now }),
  };
}

const TIERS = {
  flex: { "x-vertex-ai-llm-request-type": "shared", "x-vertex-ai-llm-shared-request-type": "flex" },
  priority: { "x-vertex-ai-llm-shared-request-type": "priority" },
} as const;

function byModel(gemini: Adapter, claude: Adapter): Adapter {
  const adapterOf = (model: string) => (isClaude(model) ? claude : gemini);
  return {
    encode: (request, target) => adapterOf(target.model).encode(request, target),
    decode: (body, context) => adapterOf(context.target.model).decode(body, context),
    decodeStream: (bytes, context) => adapterOf(context.target.model).decodeStream!(bytes, context),
    // Claude's knows both forms.
    decodeError: claude.decodeError,
  };
}
