/** Which recordings the gateway can be asked for today. A new provider kind or endpoint is one more row here. */
import type { Recording } from "./recording.ts";
import type { Endpoint, Wire } from "./wire.ts";
import { anthropic } from "./wires/anthropic.ts";
import { azure } from "./wires/azure.ts";
import { bedrock } from "./wires/bedrock.ts";
import { cohere } from "./wires/cohere.ts";
import { gemini } from "./wires/gemini.ts";
import { messagesWires } from "./wires/messages.ts";
import { mistral } from "./wires/mistral.ts";
import { ollama } from "./wires/ollama.ts";
import { openai, openaiCompatible, xai } from "./wires/openai.ts";
import { vertex } from "./wires/vertex.ts";

export interface Supported {
  readonly wire: Wire;
  readonly endpoint: Endpoint;
}

const endpoints: readonly Endpoint[] = [
  {
    api: "chat.completions",
    path: "/v1/chat/completions",
    wholeSchema: "CreateChatCompletionResponse",
    chunkSchema: "CreateChatCompletionStreamResponse",
  },
  {
    api: "completions",
    path: "/v1/completions",
    wholeSchema: "CreateCompletionResponse",
    chunkSchema: "CreateCompletionResponse",
  },
  {
    api: "embeddings",
    path: "/v1/embeddings",
    wholeSchema: "CreateEmbeddingResponse",
    chunkSchema: undefined,
  },
  {
    api: "responses",
    path: "/v1/responses",
    wholeSchema: "Response",
    chunkSchema: "ResponseStreamEvent",
  },
  {
    api: "messages",
    path: "/v1/messages",
    wholeSchema: undefined,
    chunkSchema: undefined,
  },
  {
    api: "moderations",
    path: "/v1/moderations",
    wholeSchema: "CreateModerationResponse",
    chunkSchema: undefined,
  },
  {
    api: "rerank",
    path: "/v1/rerank",
    wholeSchema: undefined,
    chunkSchema: undefined,
  },
];

/** The first that speaks a recording plays it. */
const wires: readonly Wire[] = [
  ...messagesWires,
  anthropic,
  gemini,
  vertex,
  bedrock,
  azure,
  mistral,
  cohere,
  ollama,
  openai,
  xai,
  openaiCompatible,
];

/** The row that serves this recording; undefined when the gateway has no such wire or endpoint yet. */
export function supportOf(recording: Recording): Supported | undefined {
  const endpoint = endpoints.find((candidate) => candidate.api === recording.client?.api);
  if (!endpoint) return undefined;
  const pathname = decodeURIComponent(new URL(recording.request.url).pathname);
  const wire = wires.find(
    (row) => row.speaks(recording, endpoint) && pathname.endsWith(decodeURIComponent(row.tail(endpoint, recording))),
  );
  return wire && { wire, endpoint };
}
