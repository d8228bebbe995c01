/** Which recordings the gateway can be asked for today. A new provider kind or endpoint is one more row here. */
import type { Recording } from "./recording.ts";

export interface Wire {
  /** `kind` of the provider in the gateway's configuration. */
  readonly kind: "openai" | "openai-compatible" | "anthropic";
  /** False when provider and client speak the same protocol, so that nothing may change on the way. */
  readonly translated: boolean;
  /** The end of the recorded path that the gateway adds to the base URL by itself. */
  tail(endpoint: Endpoint): string;
  speaks(recording: Recording, endpoint: Endpoint): boolean;
}

interface Endpoint {
  /** `client.api` of a recording. */
  readonly api: "chat.completions" | "completions" | "embeddings";
  /** Where the gateway's clients reach it. */
  readonly path: string;
  /** Names of OpenAI's schemas for a whole answer and for one event of a stream. */
  readonly wholeSchema: string;
  readonly chunkSchema: string;
}

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
    chunkSchema: "CreateEmbeddingResponse",
  },
];

const wires: readonly Wire[] = [
  {
    kind: "anthropic",
    translated: true,
    tail: () => "/v1/messages",
    speaks: (recording, endpoint) =>
      recording.meta.endpoint === "anthropic.messages" && endpoint.api === "chat.completions",
  },
  {
    kind: "openai",
    translated: false,
    tail: (endpoint) => endpoint.path.slice("/v1".length),
    speaks: (recording) => recording.provider === "openai" && speaksOpenAI(recording),
  },
  {
    kind: "openai-compatible",
    translated: false,
    tail: (endpoint) => endpoint.path.slice("/v1".length),
    speaks: (recording) => recording.provider !== "azure" && speaksOpenAI(recording),
  },
];

/** The row that serves this recording; undefined when the gateway has no such wire or endpoint yet. */
export function supportOf(recording: Recording): Supported | undefined {
  const endpoint = endpoints.find((candidate) => candidate.api === recording.client?.api);
  if (!endpoint) return undefined;
  const { pathname } = new URL(recording.request.url);
  const wire = wires.find((row) => pathname.endsWith(row.tail(endpoint)) && row.speaks(recording, endpoint));
  return wire && { wire, endpoint };
}

/** A base URL and a key are all these kinds know: no deployments, no `api-version`, no field that a client of OpenAI's lacks. */
function speaksOpenAI({ request, client }: Recording): boolean {
  return client?.derived === "identity" && new URL(request.url).search === "";
}
